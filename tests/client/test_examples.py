"""The examples in docstrings of the client and of what asks it are true, where they say what comes out."""

import importlib
import inspect
import re

import pytest

NAMES = ["client.retries", "client.reply", "client.request", "client.server", "generation.thoughts"]
NAMES += ["evaluation.judge_model", "evaluation.selection"]
EXAMPLE = re.compile(r"Example: `((?:[^`]|\n)*? == (?:[^`]|\n)*?)`")


def examples(name):
    module = importlib.import_module(f"revisual.{name}")
    things = [thing for _, thing in inspect.getmembers(module) if getattr(thing, "__module__", "") == module.__name__]
    methods = [
        method for one in things if inspect.isclass(one) for _, method in inspect.getmembers(one, inspect.isfunction)
    ]
    texts = {inspect.getdoc(one) or "" for one in [*things, *methods]}
    return [(module, " ".join(code.split())) for text in sorted(texts) for code in EXAMPLE.findall(text)]


CASES = [case for name in NAMES for case in examples(name)]


@pytest.mark.parametrize(("module", "code"), CASES, ids=[code for _, code in CASES])
def test_an_example_is_true(module, code):
    assert eval(code, dict(vars(module)))


def test_there_are_examples():
    assert len(CASES) >= 4
