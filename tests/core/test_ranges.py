import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import pytest

from revisual.core.errors import UserError
from revisual.core.ranges import (
    FilledText,
    Fraction,
    PositiveInt,
    Ranged,
    ResponseTemplate,
    Within,
    check_order,
    check_ranges,
    find_out_of_range,
)


@pytest.mark.parametrize(("interval", "inside", "outside"), [
    ("[1, 5]", (1, 3, 5), (0, 5.5, math.nan, math.inf)),
    ("(0, 1]", (1e-300, 1), (0, -1, 1.0000001)),
    ("[0, 1)", (0, 0.999), (1, -1e-9)),
    ("(0, inf)", (5e-324, 1e308), (0.0, math.inf, -math.inf)),
    ("(0, inf]", (math.inf,), (0.0, math.nan)),
    ("[1, 65536]", (65536,), (10**18, 65537)),
])  # fmt: skip
def test_a_bracket_tells_whether_a_bound_is_in(interval, inside, outside):
    assert all(map(Within(interval).holds, inside)) and not any(map(Within(interval).holds, outside))


@pytest.mark.parametrize(("annotation", "value", "told"), [
    (Fraction, 2.0, "expected float in [0, 1], got 2.0"),
    (Fraction | None, None, None),
    (Fraction | None, -1, "expected float in [0, 1], got -1"),
    (Sequence[PositiveInt], [1, 0], "expected int in [1, 2147483647], got 0"),
    (Mapping[str, Mapping[str, PositiveInt]], {"a": {"b": -3}}, "expected int in [1, 2147483647], got -3"),
    (Sequence[FilledText], ["a", " "], "expected str not blank, got ' '"),
    (ResponseTemplate, "no field", "expected str with {solution} or {answer}, got 'no field'"),
    (PositiveInt, True, None),  # no number: the parser refuses it by its type
    (PositiveInt, 10**100, f"expected int in [1, 2147483647], got 1{'0' * 56}..."),
    (int, -1, None),
])  # fmt: skip
def test_what_lies_outside_is_told_wherever_it_stands(annotation, value, told):
    assert find_out_of_range(annotation, value) == told


class Contract(Ranged):
    pass


@dataclass(frozen=True)
class Part(Contract):
    share: Fraction = 0.5
    low: int | None = 0
    high: int | None = None


class Module:
    def __init__(self, rows: Annotated[int, Within("[1, 8]")] = 4) -> None:
        self.rows = rows
        check_ranges(self)


def test_python_code_gets_a_value_error_of_one_line():
    for make, told in ((lambda: Part(2.0), r"Part: share: .*got 2\.0"), (lambda: Module(9), "Module: rows: .*got 9")):
        with pytest.raises(ValueError, match=told) as caught:
            make()
        assert isinstance(caught.value, UserError)
    assert Part(1.0).share == 1.0 and Module().rows == 4


def test_bounds_that_cross_are_refused():
    for part in (Part(low=3), Part(low=None, high=3), Part(low=3, high=3)):
        check_order(part, "low", "high")
    with pytest.raises(ValueError, match="Part: low, 4, is more than high, 3"):
        check_order(Part(low=4, high=3), "low", "high")
