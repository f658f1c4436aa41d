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


def test_a_family_is_named(tmp_path, capsys):
    assert main(["tiny", f"--out={tmp_path / 'a'}", DATA, "--family=qwen3", *SIZES]) == 0
    assert AutoConfig.from_pretrained(tmp_path / "a").model_type == "qwen3"
    assert main(["tiny", f"--out={tmp_path / 'b'}", DATA, "--family=qwen33", *SIZES]) != 0
    line = capsys.readouterr().err.splitlines()[-1]
    assert "qwen33: no such family of models; there are " in line and "llama, llava_onevision, mistral" in line
    assert not (tmp_path / "b").exists()
