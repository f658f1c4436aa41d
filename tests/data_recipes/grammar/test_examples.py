"""The examples in docstrings of the curation are true, where they say what comes out."""

import importlib
import inspect
import pkgutil
import re

import numpy as np
import pytest

import revisual.data_recipes.grammar
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.text.canonical import canonical
from revisual.data_recipes.grammar.text.minhash import MinHash

EXAMPLE = re.compile(r"Example: `((?:[^`]|\n)*? (?:==|>) (?:[^`]|\n)*?)`")
NAMES = {"np": np, "canonical": canonical, "Sample": Sample, "MinHash": MinHash}


def examples():
    for info in pkgutil.walk_packages(revisual.data_recipes.grammar.__path__, "revisual.data_recipes.grammar."):
        module = importlib.import_module(info.name)
        things = [one for _, one in inspect.getmembers(module) if getattr(one, "__module__", "") == module.__name__]
        methods = [one for kind in things if inspect.isclass(kind) for _, one in inspect.getmembers(kind, callable)]
        texts = {inspect.getdoc(one) or "" for one in [*things, *methods]}
        yield from ((module, code) for text in sorted(texts) for code in EXAMPLE.findall(text))


CASES = list(examples())


@pytest.mark.parametrize(("module", "code"), CASES, ids=[" ".join(code.split()) for _, code in CASES])
def test_an_example_is_true(module, code):
    assert eval(" ".join(code.split()), NAMES | dict(vars(module)))


def test_there_are_examples():
    assert len(CASES) >= 20
