"""`revisual plan`, on the terminal and as JSON."""

import json
from pathlib import Path

import pytest
import torch
import yaml

from revisual.cli.main import main
from revisual.cli.plan import find_architecture, memory_size
from revisual.core.errors import UserError

ROOT = Path(__file__).parents[2]

FULL = ROOT / "configs/revisual_r1/7b"


@pytest.fixture
def config(tmp_path, policy_folder):
    """A run of a tiny policy on pictures, with validation."""
    content = {
        "trainer": {"accelerator": "cpu", "devices": 1, "max_steps": 2},
        "model": {
            "class_path": "GRPOModule",
            "init_args": {
                "policy": {"class_path": "PretrainedPolicy", "init_args": {"path": str(policy_folder)}},
                "sampling": {"group_size": 4, "max_new_tokens": 16},
                "updates_per_rollout": 2,
                "max_tokens_per_pass": 400,
            },
        },
        "data": {
            "class_path": "PromptDataModule",
            "init_args": {
                "batch_size": 4,
                "max_prompt_tokens": 300,
                "train": [{"class_path": "ShapesTask", "init_args": {"count": 8}}],
                "validation": [{"class_path": "ShapesTask", "init_args": {"count": 8}}],
            },
        },
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def planned(capsys, *arguments):
    assert main(["plan", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("engine", "gigabytes"),
    [({"class_path": "VLLMServerRollout"}, 0), ({"class_path": "VLLMRollout", "init_args": {"dtype": "float32"}}, 0.4)],
)
def test_a_plan_for_an_engine_apart(config, capsys, engine, gigabytes):
    """On a CPU, too, and where vLLM is not installed."""
    content = yaml.safe_load(config.read_text())
    content["model"]["init_args"]["engine"] = engine
    config.write_text(yaml.safe_dump(content))
    device = planned(capsys, f"--config={config}", "--gpu_memory=1GB")["device"]
    assert device["rollout"]["KV cache"] == device["validation"]["KV cache"] == gigabytes * 10**9
    assert planned(capsys, f"--config={config}")["device"].keys() == device.keys()


def test_a_plan_of_a_tiny_run(config, policy, capsys):
    plan = planned(capsys, f"--config={config}")
    count = sum(parameter.numel() for parameter in policy.parameters())
    assert plan["parameters"]["total"] == plan["trained"]["total"] == count
    assert set(plan["device"]) == {"training pass", "optimizer step", "rollout", "validation"}
    step = plan["device"]["optimizer step"]
    assert (step["weights"], step["gradients"]) == (4 * count, 4 * count)
    assert step["optimizer"] == pytest.approx(8 * count, rel=1e-3)
    assert plan["rows_of_the_largest_pass"] == [4] and plan["tokens_of_the_largest_pass"] == 300 + 4 * 16
    assert plan["tokens_of_a_batch"] == 4 * (300 + 4 * 16) and plan["optimizer_steps_of_a_batch"] == 2
    assert plan["pixels_per_prompt"] == 112 * 112 and plan["host"]["pictures"] == 4 * 3 * 112 * 112
    assert plan["fits"] is None and plan["peak"] == max(phase["total"] for phase in plan["device"].values())


def test_settings_are_overridden_as_in_fit(config, tmp_path, capsys):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(yaml.safe_dump({"model": {"init_args": {"policy": {"init_args": {"lora": {"rank": 2}}}}}}))
    plan = planned(capsys, f"--config={config}", f"--config={overlay}", "--model.init_args.sampling.group_size=2")
    assert set(plan["trained"]) == {"adapters", "total"} and plan["rows_of_the_largest_pass"] == [2]


def test_a_kl_term_holds_a_reference_unless_there_is_an_adapter(config, capsys):
    kl = "--model.init_args.kl_coef={class_path: Constant, init_args: {value: 0.1}}"
    lora = "--model.init_args.policy.init_args.lora={rank: 2}"
    plan, adapted = (planned(capsys, f"--config={config}", kl, *more) for more in ((), (lora,)))
    assert plan["device"]["rollout"]["reference"] == 4 * plan["parameters"]["total"]
    assert adapted["device"]["rollout"]["reference"] == 0


def test_a_reference_is_stored_as_computed_and_spread_as_the_policy(config, policy, capsys):
    kl = "--model.init_args.kl_coef={class_path: Constant, init_args: {value: 0.1}}"
    options = [kl, "--trainer.precision=bf16-mixed", "--trainer.strategy=fsdp2"]
    one, two = (planned(capsys, f"--config={config}", *options, f"--devices={n}") for n in (1, 2))
    wide = sum(p.numel() for m in policy.modules() if isinstance(m, torch.nn.Linear) for p in m.parameters())
    head = policy.get_output_embeddings().weight  # tied to the embedding, which stays as it is
    whole = 4 * one["parameters"]["total"] - 2 * (wide - head.numel()) - 2 * patches(policy)
    assert one["device"]["rollout"]["reference"] == whole
    assert two["device"]["rollout"]["reference"] == whole // 2


def patches(policy):
    return sum(p.numel() for m in policy.modules() if isinstance(m, torch.nn.Conv3d) for p in m.parameters())


def test_more_devices_shard_and_multiply_the_batch(config, capsys):
    one, eight = (planned(capsys, f"--config={config}", "--trainer.strategy=fsdp2", f"--devices={n}") for n in (1, 8))
    assert eight["tokens_of_a_batch"] == 8 * one["tokens_of_a_batch"]
    assert eight["device"]["rollout"]["weights"] == one["device"]["rollout"]["weights"] // 8


def test_what_does_not_fit_is_told_with_what_to_change(config, capsys):
    assert main(["plan", f"--config={config}", "--devices=2", "--gpu_memory=1MB"]) == 3
    shown = capsys.readouterr().out
    assert "Does not fit: " in shown and "configs/strategy/fsdp2.yaml" in shown
    assert "training pass" in shown and "KV cache" in shown and "GB of host memory" in shown
    assert main(["plan", f"--config={config}", "--gpu_memory=80GB"]) == 0
    shown = capsys.readouterr()
    assert "Fits: " in shown.out
    told = [line for line in shown.err.splitlines() if "shapes alone" in line]
    assert told[:2] == ["on shapes alone: the optimizer's step", "on shapes alone: a training pass"]


def test_adapters_and_then_frozen_weights_in_half_precision_are_advised_first(config, capsys):
    lora = "--model.init_args.policy.init_args.lora.rank=4"
    half = "--model.init_args.policy.init_args.dtype=bfloat16"
    told = []
    for options in ((), (lora,), (lora, half)):
        assert main(["plan", f"--config={config}", "--gpu_memory=1MB", "--json", *options]) == 3
        plan = json.loads(capsys.readouterr().out)
        assert not {name: phase for name, phase in plan["device"].items() if min(phase.values()) < 0}
        told.append([line.split(":")[0].rpartition(".")[2] for line in plan["changes"]])
    assert "lora" in told[0] and "dtype" not in told[0]
    assert "dtype" in told[1] and "lora" not in told[1] and {"dtype", "lora"}.isdisjoint(told[2])
    offloads = [lines.index(next(one for one in lines if "offload" in one or one == "yaml")) for lines in told[:2]]
    assert told[0].index("lora") < offloads[0] and told[1].index("dtype") < offloads[1]


def test_a_shipped_architecture_goes_by_its_name(tmp_path, monkeypatch):
    found = find_architecture(Path("qwen2_5_vl_7b"))
    assert json.loads(found.read_text())["model_type"] == "qwen2_5_vl"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qwen2_5_vl_7b").write_text("{}")
    assert find_architecture(Path("qwen2_5_vl_7b")) == Path("qwen2_5_vl_7b")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--gpu_memory=lots"], "--gpu_memory lots: give a number"),
        (["--devices=0"], "devices: expected int in [1, 65536], got 0"),
        (["--devices=many"], "devices: expected int in [1, 65536] or null, got 'many'"),
        (["--trainer.max_stepz=8"], "max_stepz"),
        (
            ["--architecture=missing.json"],
            "missing.json: no such file; shipped ones are qwen2_5_vl_32b, ",
        ),
        (["--model.init_args.policy.init_args.path=missing"], "or plan without it: --architecture qwen2_5_vl_7b"),
        (["--pictures=60"], "prompts of 300 tokens have no room for 60 pictures"),
    ],
)
def test_a_mistake_is_told_in_one_line(config, options, said, capsys):
    assert main(["plan", f"--config={config}", *options]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("revisual plan: ")]
    assert said in line


@pytest.mark.parametrize(
    ("text", "size"), [("80GB", 80 * 10**9), ("80 GiB", 80 * 2**30), ("1.5gb", 1_500_000_000), ("512MiB", 2**29)]
)
def test_sizes(text, size):
    assert memory_size(text) == size


@pytest.mark.parametrize("text", ["80", "80KB", "GB", "-1GB", "80GBit"])
def test_what_is_no_size(text):
    with pytest.raises(UserError):
        memory_size(text)


PUBLISHED = 3_754_622_976


@pytest.mark.slow
def test_a_full_size_policy_without_its_weights(capsys):
    options = ["--devices=8", "--prompt_tokens=512", "--response_tokens=64", "--trainer.strategy=fsdp2"]
    plan = planned(capsys, f"--config={FULL / 'text_rl.yaml'}", "--architecture=qwen2_5_vl_3b", *options)
    assert plan["parameters"]["total"] == PUBLISHED
    step = plan["device"]["optimizer step"]
    trained = plan["trained"]["total"]
    assert step["weights"] == PUBLISHED * 4 // 8 and step["gradients"] == trained * 4 // 8
    assert step["optimizer"] == pytest.approx(trained * 8 / 8, rel=1e-3)
    half = 0.9  # at least this part of a reference is in bfloat16: all but embeddings and norms
    assert PUBLISHED * 2 / 8 < step["reference"] < PUBLISHED * (2 * half + 4 * (1 - half)) / 8
