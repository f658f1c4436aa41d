"""Every shipped config parses, and mistakes in one are told in a line."""

import json
from collections import Counter
from inspect import isabstract
from pathlib import Path

import pytest
import yaml
from jsonargparse import ArgumentParser

from revisual.cli.main import main
from revisual.cli.pipeline import COMMAND as PIPELINE
from revisual.cli.tiny import tiny
from revisual.config.parts import import_parts
from revisual.data.readers import SampleReader
from revisual.grading.grader import Grader
from revisual.models.policy import PolicyLoader
from revisual.rewards.functions import RewardFunction
from revisual.rl.advantages import AdvantageEstimator
from revisual.rl.aggregation import LossAggregation
from revisual.rl.callbacks import RewardCallback
from revisual.rl.filters import AdvantageFilter
from revisual.rl.kl import KLEstimator
from revisual.rl.losses import PolicyLoss
from revisual.rl.schedules import Schedule
from revisual.rollout.engine import RolloutEngine

from .shipped import (
    ALONE,
    EVERYTHING,
    FULL,
    OVERLAYS,
    PARTS_OF_A_PIPELINE,
    PIPELINES,
    TINY,
    bases,
    named,
)

# Parsing


@pytest.mark.parametrize("path", ALONE, ids=named)
def test_config_parses_alone(path, parse):
    assert parse(path).model.class_path.startswith("revisual.")


@pytest.mark.parametrize("path", OVERLAYS, ids=named)
def test_overlay_parses_and_changes_something(path, parse):
    before = [without_files(parse(*base)) for base in bases(path)]
    assert before != [without_files(parse(*base, path)) for base in bases(path)]


def without_files(config):
    return {key: value for key, value in config.as_dict().items() if key != "config"}


def parsed_pipeline(path):
    parser = PIPELINE.parser("pipeline")
    return parser.instantiate_classes(parser.parse_args([f"--config={path}"]))


@pytest.mark.parametrize("path", PIPELINES, ids=named)
def test_pipeline_and_its_stages_parse(path, parse):
    config = parsed_pipeline(path)
    shared = [file.absolute for file in config.shared or ()]
    for stage in config.stages:
        assert parse(*shared, *stage.paths, policy="start").model.init_args.policy.init_args.path == "start"
    if config.evaluation:
        parse(*shared, *(file.absolute for file in config.evaluation), policy="start")


@pytest.mark.parametrize("path", PARTS_OF_A_PIPELINE, ids=named)
def test_part_of_a_pipeline_is_used_by_it(path):
    config = parsed_pipeline(path.parent / "pipeline.yaml")
    files = [file.absolute for file in [*(config.shared or ()), *(config.evaluation or ())]]
    files += [file.absolute for stage in config.stages for file in stage.config]
    assert path.absolute() in map(Path, files)


@pytest.mark.parametrize("path", TINY, ids=named)
def test_tiny_policy_parses(path):
    import_parts()
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--config", action="config")
    parser.add_function_arguments(tiny)
    config = parser.instantiate_classes(parser.parse_args([f"--config={path}", "--out=out"]))
    assert config.architecture.layers and config.data


def class_paths(content):
    """Every class that a config names."""
    if isinstance(content, list):
        return [name for item in content for name in class_paths(item)]
    if isinstance(content, dict):
        own = [content["class_path"]] if "class_path" in content else []
        return own + class_paths(list(content.values()))
    return []


def test_own_classes_are_named_shortly():
    named_classes = {name for path in EVERYTHING for name in class_paths(yaml.safe_load(path.read_text()))}
    assert "PrioritizedAdvantageDistillation" in named_classes
    assert not [name for name in named_classes if name.startswith(("revisual.", "callbacks."))]


CONTRACTS = (
    AdvantageEstimator, AdvantageFilter, Grader, KLEstimator, LossAggregation, PolicyLoader, PolicyLoss, RewardCallback,
    RewardFunction, RolloutEngine, SampleReader, Schedule,
)  # fmt: skip
NEEDED = {
    "Constant": {"value": 1.0},
    "ConstantLength": {"length": 8},
    "ExponentialDecay": {"start": 1.0, "decay": 0.9},
    "HFDatasetReader": {"name": "a/b"},
    "JSONLReader": {"path": "a.jsonl"},
    "Linear": {"start": 1.0, "end": 0.0},
    "ParquetReader": {"path": "a.parquet"},
    "JudgeReward": {"server": {"base_url": "http://localhost:1/v1", "model": "a"}, "rubric": "Judge."},
    "PretrainedPolicy": {"path": "a"},
}


def concrete(contract):
    import_parts()
    found = {contract} | {deep for sub in contract.__subclasses__() for deep in concrete(sub)}
    return {one for one in found if not isabstract(one) and one.__module__.startswith("revisual.")}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_part_has_a_short_name(contract):
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--part", type=contract)
    parts = concrete(contract) - {RewardCallback}
    assert parts and max(Counter(part.__name__ for part in parts).values()) == 1
    for part in parts:
        given = {"class_path": part.__name__, "init_args": NEEDED.get(part.__name__, {})}
        assert parser.parse_args([f"--part={json.dumps(given)}"]).part.class_path.endswith(f".{part.__name__}")


# Errors


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ({"model": {"init_args": {"group_sise": 8}}}, "group_sise"),
        ({"model": {"init_args": {"advantage_filter": {"init_args": {"t_hihg": 1.0}}}}}, "t_hihg"),
        ({"trainer": {"max_stepz": 8}}, "max_stepz"),
        ({"data": {"init_args": {"bach_size": 8}}}, "bach_size"),
        ({"model": {"init_args": {"sampling": {"group_size": "many"}}}}, "group_size"),
        ({"trainer": {"max_steps": "many"}}, "max_steps"),
        ({"data": {"init_args": {"batch_size": 1.5}}}, "batch_size"),
        ({"model": {"init_args": {"kl_coef": {"class_path": "Constantly"}}}}, "Constantly"),
        ({"model": {"class_path": "GRPOMoodule"}}, "GRPOMoodule"),
        ({"trainer": {"callbacks": [{"class_path": "LengthRewart"}]}}, "LengthRewart"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistake_is_told_in_one_line_that_names_it(setting, key, tmp_path, capsys):
    mistaken = tmp_path / "mistaken.yaml"
    mistaken.write_text(yaml.safe_dump(setting))
    assert main(["fit", f"--config={FULL / 'text_rl.yaml'}", f"--config={mistaken}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("revisual fit: ") and key in line
