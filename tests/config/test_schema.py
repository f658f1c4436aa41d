"""A schema accepts what the parser accepts, and marks what it refuses."""

from functools import cache
from importlib import import_module
from inspect import signature

import pytest
from configs.shipped import EVERYTHING, PIPELINES, TINY, named
from jsonargparse._loaders_dumpers import yaml_load
from jsonschema import Draft202012Validator
from torch.optim import AdamW

from revisual import GRPOModule, SFTModule
from revisual.cli.main import COMMANDS
from revisual.config.schema import make_schema

TINY_CONFIG = {"out": "out/tiny", "data": [{"class_path": "ArithmeticTask", "init_args": {"count": 8}}]}


@cache
def schema(command):
    made = make_schema(import_module(f"revisual.cli.{COMMANDS[command][0]}").COMMAND.parser(command))
    Draft202012Validator.check_schema(made)
    return made


def mistakes(command, config):
    """Where a config is wrong, as dotted keys of the innermost fault."""
    validator = Draft202012Validator(schema(command))
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(config)]


def command_of(path):
    of_folders = {"grammar": "curate", "generate": "generate"}
    of_names = {"bridge.yaml": "bridge", "evaluate.yaml": "evaluate"}
    if path in PIPELINES:
        return "pipeline"
    if path in TINY:
        return "tiny"
    return of_folders.get(path.parent.name, of_names.get(path.name, "fit"))


def marks(path):
    return [] if command_of(path) in ("tiny", "pipeline", "bridge") else [pytest.mark.slow]  # their schemas are large


@pytest.mark.parametrize("path", [pytest.param(path, marks=marks(path), id=named(path)) for path in EVERYTHING])
def test_a_shipped_config_is_valid(path):
    assert mistakes(command_of(path), yaml_load(path.read_text())) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seeed": 1}, "'seeed' was unexpected"),
        ({"seed": "one"}, "is not of type 'integer'"),
        ({"seed": -1}, "less than the minimum of 0"),
        ({"seed": 2**32}, "greater than the maximum of 4294967295"),
        ({"response_template": "no field"}, "does not match"),
        ({"architecture": {"hiden": 8}}, "'hiden' was unexpected"),
        ({"data": [{"class_path": "ArithmeticTsk"}]}, "not valid under any"),
        ({"data": [{"class_path": "ArithmeticTask", "init_args": {"cout": 8}}]}, "not valid under any"),
        ({"data": [{"class_path": "ArithmeticTask", "init_args": {"count": "many"}}]}, "not valid under any"),
    ],
)
def test_a_mistake_is_marked(change, told):
    assert mistakes("tiny", TINY_CONFIG) == []
    (found,) = mistakes("tiny", TINY_CONFIG | change)
    assert found.startswith(next(iter(change))) or "unexpected" in found
    assert told in found


@pytest.mark.parametrize(
    "reader",
    [
        "ArithmeticTask",
        "revisual.data.synthetic.arithmetic.ArithmeticTask",
        {"class_path": "my_readers.Mine", "init_args": {"anything": 1}},
    ],
)
def test_a_class_goes_by_its_name_its_path_or_is_ones_own(reader):
    assert mistakes("tiny", TINY_CONFIG | {"data": [reader]}) == []


def test_lists_may_be_added_to():
    assert mistakes("tiny", {"data+": [{"class_path": "ShapesTask"}]}) == []
    assert mistakes("tiny", {"seed+": 1})


def test_nothing_is_required_and_what_has_no_default_may_be_null():
    assert mistakes("tiny", {}) == [] and mistakes("tiny", {"out": None}) == []
    assert mistakes("tiny", {"seed": None})


def test_ranges_defaults_and_help_are_the_options():
    seed = schema("tiny")["properties"]["seed"]
    assert seed == {
        "type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0, "description": "of the weights."
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("module", [GRPOModule, SFTModule])
def test_every_option_of_a_module_is_described(module):
    wanted = set(signature(module.__init__).parameters) - {"self"}
    arguments = schema("fit")["$defs"][f"revisual.{module.__name__}.init_args"]["properties"]
    assert wanted <= set(arguments) and len(wanted) > 8
    assert [name for name in wanted if not describes(arguments[name])] == []


def describes(option):
    return "description" in option or any("description" in one for one in option.get("anyOf", ()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "is_right"),
    [
        ({"model": {"class_path": "GRPOModule", "init_args": {"sampling": {"group_size": 8}}}}, True),
        ({"model": {"class_path": "GRPOModule", "init_args": {"sampling": {"group_size": 0}}}}, False),
        ({"model": {"init_args": {"sampling": {"group_siz": 8}}}}, False),
        ({"model": {"init_args": {"advantage_filter": {"init_args": {"ratio": 0.5}}}}}, True),
        ({"model": {"init_args": {"advantage_filter": "PAD"}}}, False),
        ({"modle": {}}, False),
        ({"trainer": {"max_steps": -2}}, False),
        ({"trainer": {"max_steps": 10, "callbacks+": [{"class_path": "MetricsFile"}]}}, True),
        ({"trainer": {"callbacks": [{"class_path": "LengthReward", "init_args": {"wieght": 1}}]}}, False),
        ({"model": {"init_args": {"optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 1e-6}}}}}, True),
        ({"model": {"init_args": {"optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 2}}}}}, False),
    ],
)
def test_mistakes_in_a_stage_are_marked(config, is_right):
    assert (mistakes("fit", config) == []) == is_right


@pytest.mark.slow
def test_a_class_that_no_module_holds_is_left_out():
    """As Lightning makes of an optimizer while it trains."""
    made = type("Unheld", (AdamW,), {"__module__": "lightning.pytorch.core.optimizer"})
    schema.cache_clear()
    assert f"{made.__module__}.Unheld.init_args" not in schema("fit")["$defs"]
    assert "torch.optim.AdamW.init_args" in schema("fit")["$defs"]
