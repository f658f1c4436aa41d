import importlib
import inspect
import re

import pytest
from PIL import Image

from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.filters import (
    Candidate,
)

SAMPLE = Sample("q", "How many?", "3", images=[ImageSource(image=Image.new("RGB", (4, 4)))])
MODULES = ("recipe", "prompts", "rewriting", "language")


def examples(name):
    """The comparisons in a module's docstrings that say what comes out."""
    module = importlib.import_module(f"revisual.data_recipes.bridging.{name}")
    own = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
    for text in [inspect.getdoc(one) or "" for one in own]:
        yield from ((module, code) for code in re.findall(r"`([^`]+ == [^`]+)`", text))


EXAMPLES = [case for name in MODULES for case in examples(name)]


@pytest.mark.parametrize(("module", "code"), EXAMPLES, ids=[code for _, code in EXAMPLES])
def test_an_example_is_true(module, code):
    names = {"sample": SAMPLE, "Candidate": Candidate}
    assert eval(code, dict(vars(module)) | names)


def test_there_are_examples():
    assert {module.__name__.rpartition(".")[2] for module, _ in EXAMPLES} == set(MODULES)
