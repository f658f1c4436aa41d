"""Values that make no sense are refused with key, value and range in one line, wherever they stand."""

import math
from pathlib import Path

import pytest
import yaml

from revisual.cli.main import main

FULL = Path(__file__).parents[2] / "configs/revisual_r1/7b"


def refuse(tmp_path, capsys, *configs, base=FULL / "text_rl.yaml"):
    files = [tmp_path / f"{number}.yaml" for number in range(len(configs))]
    for file, config in zip(files, configs, strict=True):
        file.write_text(yaml.safe_dump(config))
    assert main(["fit", f"--config={base}", *(f"--config={file}" for file in files)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert len(line) < 200
    return line.removeprefix("revisual fit: ")


def nested(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


MODEL = "model.init_args"


@pytest.mark.parametrize(("path", "value", "told"), [
    (f"{MODEL}.sampling.group_size", 0, "expected int in [1, 65536], got 0"),
    (f"{MODEL}.sampling.group_size", 10**18, "expected int in [1, 65536], got 1000000000000000000"),
    (f"{MODEL}.sampling.temperature", -1.0, "expected float in (0, 100], got -1.0"),
    (f"{MODEL}.sampling.temperature", math.inf, "expected float in (0, 100], got inf"),
    (f"{MODEL}.sampling.temperature", 0, "expected float in (0, 100], got 0.0"),
    (f"{MODEL}.sampling.top_p", 2, "expected float in (0, 1], got 2.0"),
    (f"{MODEL}.sampling.max_new_tokens", 0, "expected int in [1, 2147483647], got 0"),
    (f"{MODEL}.eval_sampling.validation.sampled.temperature", math.nan, "expected float in [0, 100], got nan"),
    (f"{MODEL}.advantage_filter.init_args.ratio", 5, "expected float in (0, 1], got 5.0"),
    (f"{MODEL}.loss.init_args.clip_low", 5, "expected float in [0, 1], got 5.0"),
    (f"{MODEL}.loss.init_args.clip_high", 5, "expected float in [0, 1], got 5.0"),
    (f"{MODEL}.optimizer.init_args.lr", -1e-6, "expected float in [0, 1], got -1e-06"),
    (f"{MODEL}.optimizer.init_args.lr", math.inf, "expected float in [0, 1], got inf"),
    (f"{MODEL}.optimizer.init_args.lr", 50, "expected float in [0, 1], got 50.0"),
    (f"{MODEL}.optimizer.init_args.betas", [0.9, 1.5], "expected float in [0, 1), got 1.5"),
    (f"{MODEL}.entropy_coef.init_args.start", 2.0, "expected float in [0, 1], got 2.0"),
    (f"{MODEL}.rewards.accuracy.weight", math.nan, "expected float in [-100, 100], got nan"),
    (f"{MODEL}.policy.init_args.added_tokens", [""], "expected str not blank, got ''"),
    (f"{MODEL}.policy.init_args.min_pixels", 0, "expected int in [1, 2147483647], got 0"),
    ("data.init_args.batch_size", 0, "expected int in [1, 65536], got 0"),
    (f"{MODEL}.optimizer", None, "expected a value, got null"),
    (f"{MODEL}.optimizer.init_args.weight_decay", None, "expected a value, got null"),
    ("trainer.strategy", None, "expected a value, got null"),
    ("trainer.max_steps", -7, "expected int in [-1, 2147483647], got -7"),
    ("trainer.max_steps", 0, "0 trains nothing: give a number, or -1 for no limit of its own"),
    ("trainer.max_epochs", 0, "0 trains nothing: give a number, or -1 for no limit of its own"),
    ("trainer.gradient_clip_val", -1.0, "expected float in [0, inf), got -1.0"),
])  # fmt: skip
def test_a_value_out_of_range_is_told_with_its_key_and_range(path, value, told, tmp_path, capsys):
    assert refuse(tmp_path, capsys, nested(path, value)) == f"{path}: {told}"


def test_a_value_in_a_list_of_parts(tmp_path, capsys):
    callbacks = [{"class_path": "RolloutLog"}, {"class_path": "LengthReward", "init_args": {"weight": -1.0}}]
    told = "trainer.callbacks.1.init_args.weight: expected float in [0, 100], got -1.0"
    assert refuse(tmp_path, capsys, {"trainer": {"callbacks": callbacks}}) == told
    scheduler = {"class_path": "WarmupCosine", "init_args": {"warmup_ratio": 1.5}}
    told = "model.init_args.scheduler.init_args.warmup_ratio: expected float in [0, 1], got 1.5"
    assert refuse(tmp_path, capsys, nested(f"{MODEL}.scheduler", scheduler)) == told


def test_what_another_package_takes_and_cannot_use(tmp_path, capsys):
    told = refuse(tmp_path, capsys, nested(f"{MODEL}.optimizer.init_args.betas", [{}, 0.9]))
    assert "optimizer" in told and "betas: expected a number, got " in told


def test_a_template_without_its_fields(tmp_path, capsys):
    told = refuse(tmp_path, capsys, nested("data.init_args.response_template", "x"), base=FULL / "cold_start.yaml")
    assert told == "data.init_args.response_template: expected str with {solution} or {answer}, got 'x'"


@pytest.mark.parametrize("value", [0, None, [], math.nan, False], ids=repr)
def test_a_section_is_not_dropped_by_a_plain_value(value, tmp_path, capsys):
    told = refuse(tmp_path, capsys, {"trainer": value}, {"trainer": {"max_steps": 3}})
    assert told.startswith("trainer: expected a section of options, got ")


@pytest.mark.parametrize(("path", "value", "told"), [
    ("trainer.strategy", "fsdp22", "unknown strategy 'fsdp22'; did you mean fsdp2?"),
    ("trainer.accelerator", "gqu", "unknown accelerator 'gqu'; did you mean gpu?"),
    ("trainer.val_check_interval", 1e18, "expected steps, a share of an epoch or 'DD:HH:MM:SS', got 1e+18"),
    ("trainer.val_check_interval", "soon", "expected steps, a share of an epoch or 'DD:HH:MM:SS', got 'soon'"),
    ("trainer.devices", 0, "expected a number of devices, -1 for all, auto or a list, got 0"),
    ("trainer.devices", -3, "expected a number of devices, -1 for all, auto or a list, got -3"),
])  # fmt: skip
def test_unknown_names_for_the_trainer(path, value, told, tmp_path, capsys):
    assert refuse(tmp_path, capsys, nested(path, value)) == f"{path}: {told}"


def test_thresholds_that_cross(tmp_path, capsys):
    crossed = nested(f"{MODEL}.advantage_filter.init_args", {"t_low": 2.0, "t_high": 1.0})
    assert "t_low=2.0, t_high=1.0" in refuse(tmp_path, capsys, crossed)
    crossed = nested(f"{MODEL}.policy.init_args", {"min_pixels": 2000, "max_pixels": 1000})
    assert "min_pixels, 2000, is more than max_pixels, 1000" in refuse(tmp_path, capsys, crossed)
