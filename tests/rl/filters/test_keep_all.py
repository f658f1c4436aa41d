import math

from revisual.rl.filters import (
    KeepAll,
)

from .helpers import ask


def test_keep_all():
    assert ask(KeepAll(), [0.0, 9.0, math.nan]) == ([0, 1, 2], [1.0, 1.0, 1.0])
