import doctest
import importlib
import pkgutil

import pytest

import revisual.rl

MODULES = sorted(m.name for m in pkgutil.iter_modules(revisual.rl.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_tell_the_truth(name):
    import torch

    module = importlib.import_module(f"revisual.rl.{name}")
    assert doctest.testmod(module, extraglobs={"torch": torch}).failed == 0


def test_there_are_examples_to_check():
    finder = doctest.DocTestFinder()
    found = [t for n in MODULES for t in finder.find(importlib.import_module(f"revisual.rl.{n}")) if t.examples]
    assert len(found) >= 8
