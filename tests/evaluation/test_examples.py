"""The examples in docstrings of benchmarks, metrics and official rules are true."""

import importlib
import inspect
import pkgutil
import re
from fractions import Fraction

import numpy as np
import pytest

from revisual.data.sample import Sample
from revisual.evaluation import benchmarks, metrics, official

MODULES = [f"revisual.evaluation.{name}" for name in ("benchmark", "options", "presets", "sources")]
MODULES += [
    f"{package.__name__}.{module.name}"
    for package in (benchmarks, metrics, official)
    for module in pkgutil.iter_modules(package.__path__)
]
EXAMPLE = re.compile(r"Example: (`.*?)(?=\n\n|\n +Example|\n +Raises|\Z)", re.DOTALL)


def docstrings(module):
    for _, thing in inspect.getmembers(module, lambda one: inspect.isclass(one) or inspect.isfunction(one)):
        if thing.__module__ == module.__name__:
            yield inspect.getdoc(thing) or ""
            for _, method in inspect.getmembers(thing, inspect.isfunction) if inspect.isclass(thing) else ():
                yield inspect.getdoc(method) or ""


def expressions(module):
    for text in dict.fromkeys(docstrings(module)):
        for example in EXAMPLE.findall(text):
            for code in re.findall(r"`([^`]+)`", example):
                if re.match(r"\w+\(|not |\[", code):
                    yield " ".join(code.split("\n"))


CASES = [(name, code) for name in MODULES for code in expressions(importlib.import_module(name))]


@pytest.mark.parametrize(("name", "code"), CASES)
def test_an_example_is_true(name, code):
    names = vars(importlib.import_module(name)) | {"np": np, "Sample": Sample}
    assert eval(code, names | {"equal": lambda a, b: Fraction(a) == Fraction(b)})


def test_there_are_examples():
    assert len(CASES) >= 35
