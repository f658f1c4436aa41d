"""`revisual tiny`: a folder that transformers loads, the same for the same seed."""

from transformers import AutoConfig

from revisual.cli.main import main
from revisual.core.manifest import check_export

SIZES = ["--architecture.hidden=32", "--architecture.layers=1", "--architecture.heads=1",
         "--architecture.key_value_heads=1", "--architecture.intermediate=32"]  # fmt: skip
DATA = "--data=[{class_path: ArithmeticTask, init_args: {count: 8}}]"


def test_a_policy_is_made_and_its_seed_decides(tmp_path):
    found = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert main(["tiny", f"--out={tmp_path / name}", DATA, f"--seed={seed}", *SIZES]) == 0
        found.append(check_export(tmp_path / name)["model.safetensors"])
    assert found[0] == found[1] != found[2]
    assert AutoConfig.from_pretrained(tmp_path / "a").text_config.hidden_size == 32
