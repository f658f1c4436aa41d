"""Every key that a config may set is explained by the help of its command or class."""

import argparse
from importlib import import_module
from inspect import signature

from lightning.pytorch import Callback, LightningDataModule, LightningModule
from lightning.pytorch.strategies import Strategy
from torch.optim.lr_scheduler import LRScheduler

from revisual.cli.command import FunctionCommand
from revisual.cli.main import COMMANDS
from revisual.cli.options import option_types
from revisual.config.expected import argument_types, classes_in, expected_classes
from revisual.config.parser import OneLineParser
from revisual.config.parts import EVERYTHING, import_parts

OTHERS = {
    "revisual.training.policy_engine.PolicyEngine",  # no part of a config: modules make it
    "revisual.training.strategies.deepspeed.DeepSpeed",  # options of Lightning's own strategy
}
"""Classes whose keys are not ours to explain."""
ROOTS = (Callback, LightningDataModule, LightningModule, LRScheduler, Strategy)


def commands():
    found = {name: import_module(f"revisual.cli.{module}").COMMAND for name, (module, _) in COMMANDS.items()}
    return {name: command for name, command in found.items() if isinstance(command, FunctionCommand)}


def without_help(parser):
    """The keys of a parser without an explanation."""
    shown = [action for action in parser._actions if action.help is not argparse.SUPPRESS]
    return [action.dest for action in shown if not (action.help or "").strip()]


def nameable_classes():
    """All classes that a config may name, from the commands' options and the trainer's parts on downwards."""
    import_parts(EVERYTHING)
    found, waiting = set(), {base for root in ROOTS for base in expected_classes("", root)}
    hints = [hint for command in commands().values() for hint in option_types(command.function).values()]
    waiting |= {one for hint in hints for base in classes_in(hint) for one in expected_classes("", base)}
    while waiting:
        one = waiting.pop()
        if one in found or not one.__module__.startswith("revisual."):
            continue
        found.add(one)
        keys = signature(one.__init__).parameters
        hints = [hint for key, hint in argument_types(one).items() if key in keys and key[0] != "_"]
        waiting |= {deep for hint in hints for base in classes_in(hint) for deep in expected_classes("", base)}
    return sorted(found, key=lambda one: f"{one.__module__}.{one.__name__}")


def unexplained(one):
    parser = OneLineParser()
    parser.add_class_arguments(one, "part", fail_untyped=False)
    return without_help(parser)


def test_every_option_of_a_command_is_explained():
    for name, command in commands().items():
        lacking = without_help(command.parser(name))
        assert not [key for key in lacking if "." not in key], name  # those of classes below are another test's


def test_every_key_of_a_part_is_explained():
    lacking = {f"{one.__module__}.{one.__name__}": unexplained(one) for one in nameable_classes()}
    assert {name: keys for name, keys in lacking.items() if keys and name not in OTHERS} == {}
