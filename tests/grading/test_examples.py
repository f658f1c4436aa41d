"""The examples in docstrings of the rules are true."""

import importlib
import inspect
import pkgutil
import re
from fractions import Fraction

import pytest

from revisual import grading

NAMES = [f"revisual.grading.{module.name}" for module in pkgutil.iter_modules(grading.__path__)]
NAMES.append("revisual.rewards.judge")
CODE = re.compile(r"`((?:[^`])+)`")
CHECKED = re.compile(r"\w+\(.*\)|not |\[|.* == ", re.DOTALL)


def docstrings(module):
    for _, thing in inspect.getmembers(module, lambda one: inspect.isclass(one) or inspect.isfunction(one)):
        if thing.__module__ == module.__name__:
            yield inspect.getdoc(thing) or ""
            for _, method in inspect.getmembers(thing, inspect.isfunction) if inspect.isclass(thing) else ():
                yield inspect.getdoc(method) or ""


def expressions(module):
    for text in dict.fromkeys(docstrings(module)):
        for line in text.splitlines():
            if line.startswith("Example: `"):
                yield from (code for code in CODE.findall(line) if CHECKED.match(code))


CASES = [(name, code) for name in NAMES for code in expressions(importlib.import_module(name))]


@pytest.mark.parametrize(("name", "code"), CASES)
def test_an_example_is_true(name, code):
    names = vars(importlib.import_module(name)) | vars(importlib.import_module("revisual.grading.tree"))
    assert eval(code, names | {"Fraction": Fraction})


def test_there_are_examples():
    assert len(CASES) >= 80
