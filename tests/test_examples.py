"""The examples in docstrings are true, where they say what comes out."""

import importlib
import inspect
import pkgutil
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from revisual.client.request import Decoding
from revisual.client.server import Server
from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.evaluation.presets import REVISUAL_R1
from revisual.evaluation.responder import ServerResponder

PACKAGES = ("client", "evaluation", "cli.generation", "grading")
MODULES = ("revisual.data.choices", "revisual.data.conversation")
NEEDS_A_MODEL = "revisual.evaluation.policy_responder"
SAMPLE = Sample("1", "What colour?", images=[ImageSource(path="red.png", root=Path())])
NAMES = {"np": np, "Sample": Sample, "Fraction": Fraction, "equal": lambda a, b: Fraction(a) == Fraction(b)}
NAMES |= {"sample": SAMPLE, "REVISUAL_R1": REVISUAL_R1}
NAMES |= {"Server": Server, "ServerResponder": ServerResponder, "Decoding": Decoding}
"""What examples take from elsewhere, unless their module has it."""
EXAMPLE = re.compile(r"Example: (`.*?)(?=\n\n|\n +Example|\n +Raises|\Z)", re.DOTALL)
CODE = re.compile(r"`([^`]+)`")
CHECKED = re.compile(r"\w+\(.*\)|not |\[|.* (?:==|is) ")
"""Calls and comparisons; not what a line of text or of YAML looks like."""


def modules():
    """The names of all modules of the packages, and of single ones."""
    yield from MODULES
    for package in PACKAGES:
        root = importlib.import_module(f"revisual.{package}")
        yield from (module.name for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}."))


def docstrings(module):
    """Those of its own classes, methods and functions."""
    for _, thing in inspect.getmembers(module, lambda one: inspect.isclass(one) or inspect.isfunction(one)):
        if thing.__module__ == module.__name__:
            yield inspect.getdoc(thing) or ""
            for _, method in inspect.getmembers(thing, inspect.isfunction) if inspect.isclass(thing) else ():
                yield inspect.getdoc(method) or ""


def examples(name):
    """The expressions of a module that can be checked."""
    for text in dict.fromkeys(docstrings(importlib.import_module(name))):
        for example in EXAMPLE.findall(text):
            codes = [" ".join(code.split()) for code in CODE.findall(example)]
            yield from (code for code in codes if CHECKED.match(code))


CASES = [(name, code) for name in modules() if name != NEEDS_A_MODEL for code in examples(name)]


@pytest.mark.parametrize(("name", "code"), CASES, ids=[code for _, code in CASES])
def test_an_example_is_true(name, code):
    tree = vars(importlib.import_module("revisual.grading.rules.tree")) if ".grading." in name else {}
    assert eval(code, NAMES | tree | vars(importlib.import_module(name)))


@pytest.mark.parametrize(("package", "least"), [("client", 12), ("evaluation", 65), ("grading", 80)])
def test_there_are_examples(package, least):
    assert sum(name.startswith(f"revisual.{package}.") for name, _ in CASES) >= least
