"""Shapes that modules state are checked while tests run."""

from pathlib import Path

import pytest
import torch
from jaxtyping import TypeCheckError

from revisual.rl.losses.clipped import ClippedLoss

ROOT = Path(__file__).parents[1]
FILES = {"revisual": ROOT / "revisual", "revisual.callbacks": ROOT / "callbacks"}


def modules():
    """Yield the names of modules that import jaxtyping."""
    for package, folder in FILES.items():
        for path in folder.rglob("*.py"):
            if "from jaxtyping import" in path.read_text(encoding="utf-8"):
                yield ".".join((package, *path.relative_to(folder).with_suffix("").parts))


def test_every_module_that_states_a_shape_is_checked(pytestconfig):
    checked = pytestconfig.getoption("--jaxtyping-packages").split(",")[:-1]
    stating = list(modules())
    assert len(stating) > 40
    assert [name for name in stating if not any(f"{name}.".startswith(f"{each}.") for each in checked)] == []


def test_a_wrong_shape_is_an_error():
    tokens, mask = torch.zeros(2, 3), torch.ones(2, 3, dtype=torch.bool)
    with pytest.raises(TypeCheckError):
        ClippedLoss().objective(tokens, tokens, torch.ones(2), mask)
