"""Whether two formulas have the same value.

Exactly where both are rational; else at a few points, in floating point, which refutes most of what is wrong, and to
60 digits, which confirms what is right. A decimal gold answer sets its own tolerance; an exact one leaves none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from revisual.grading.rules.conventions import DEFAULT, NO_CONTEXT, Context, Conventions
from revisual.grading.rules.exact import ExactField
from revisual.grading.rules.fields import Field, Undefined, Unsupported
from revisual.grading.rules.numeric import MORE_DIGITS, FloatField, PreciseField
from revisual.grading.rules.tree import Apply, Number, Tree, has_decimals, list_units, list_variables, sort_parts, walk

POINTS = (0, 1, 2)
NEGATIVE_POINTS = (-1, -2)
"""Where variables are negative: for formulas with an absolute value, which only these tell from the bare variable."""
FULL_PRECISION = 15
"""Significant digits of a decimal that stands for the exact number: as many as a double holds."""
DOUBLE = Fraction(1, 2**52)
"""The relative distance of neighboring doubles."""
MIN_ROUNDED = 2
"""Significant digits of a gold decimal that a longer decimal or an exact number may be rounded to."""
MIN_TRUNCATED = 3
"""The same, for a gold decimal that was cut instead of rounded."""
_FLOAT_TOLERANCE = 1e-7
_DIGITS_THAT_COUNT = 55
"""Of `DIGITS`, those in which equal values agree, unless their terms cancel."""
_GRID = 10**45
"""Parts of one in which an answer's distance from a decimal is measured."""
_DIGITS_OF_NOISE = 75
"""What a rounding error loses at least in size from `DIGITS` to `MORE_DIGITS`, in decimal digits; a difference loses
nothing."""


class Undecided(Exception):
    """The values of two formulas cannot be compared at a bounded cost."""


@dataclass(frozen=True)
class Tolerance:
    """How far an answer may lie from a decimal gold answer, relative to it: below and above in magnitude."""

    below: Fraction
    above: Fraction


EXACT = Tolerance(Fraction(0), Fraction(0))


def _find_decimal(tree: Tree) -> Number | None:
    """Return the one decimal of a product of it with constants, units and powers of ten; None for other formulas."""
    if isinstance(tree, Number):
        return tree if tree.places is not None else None
    if isinstance(tree, Apply) and tree.head in ("*", "/"):
        decimals = [_find_decimal(part) for part in tree.parts]
        rest = [part for part, decimal in zip(tree.parts, decimals, strict=True) if decimal is None]
        found = [decimal for decimal in decimals if decimal is not None]
        if len(found) == 1 and not any(has_decimals(part) or list_variables(part) for part in rest):
            return found[0]
    return None


def find_tolerance(gold: Tree, answer: Tree, conventions: Conventions = DEFAULT) -> Tolerance:
    """Return the tolerance that a gold formula leaves an answer: none, unless one of the two is a decimal.

    Example: the gold 3.14 leaves pi and 3.1416 half a unit of its last digit, and 3.2 nothing
    Example: the gold 1/3 leaves 0.333 nothing, and 0.333333333333333 its own last digit
    """
    rounded, given = _find_decimal(gold), _find_decimal(answer)
    if rounded is None:
        return EXACT if has_decimals(gold) or given is None else _last_digit_tolerance(given)
    if given is not None and given.digits <= rounded.digits:
        return EXACT
    if given is None and (has_decimals(answer) or isinstance(answer, Number)):
        return EXACT
    if rounded.digits < MIN_ROUNDED or rounded.value == 0 or not conventions.round_golds:
        return EXACT
    if conventions.whole_floats_are_exact and _is_whole_float(rounded, gold):
        return EXACT
    last_digit = Fraction(1, 10 ** (rounded.places or 0)) / abs(rounded.value)
    may_be_cut = conventions.truncate_golds and rounded.digits >= MIN_TRUNCATED
    return Tolerance(last_digit / 2, last_digit if may_be_cut else last_digit / 2)


def _is_whole_float(decimal: Number, gold: Tree) -> bool:
    """Return whether a decimal is a whole number as a column of floats writes it: 12.0, but not 1.20 x 10^3."""
    powers = (node for node in walk(gold) if isinstance(node, Apply) and node.head == "^")
    is_scaled = any(isinstance(power.parts[0], Number) and power.parts[0].value == 10 for power in powers)
    return decimal.value.denominator == 1 and not is_scaled


def _last_digit_tolerance(given: Number) -> Tolerance:
    if given.digits < FULL_PRECISION or given.value == 0:
        return EXACT
    last_digit = max(Fraction(1, 10 ** (given.places or 0)) / abs(given.value), DOUBLE)
    return Tolerance(last_digit, last_digit)


def formulas_equal(gold: Tree, answer: Tree, context: Context = NO_CONTEXT) -> bool:
    """Return whether an answer's formula has the value of the gold one. A missing unit is accepted, a wrong one is not.

    Raises:
        Undecided: that cannot be decided at a bounded cost.
    """
    if gold == answer or sort_parts(gold) == sort_parts(answer):
        return True
    conventions = context.conventions
    leeway = find_tolerance(gold, answer, conventions)
    units_gold, units_answer = list_units(gold), list_units(answer)
    if _values_equal(gold, answer, leeway, plain_units=False):
        return True
    if units_gold and units_answer:
        return False
    if units_gold:
        is_optional = conventions.percent_as_number if "percent" in units_gold else conventions.unit_may_be_missing
    else:
        is_optional = bool(units_answer) and all(_may_be_added(unit, context) for unit in units_answer)
    return is_optional and _values_equal(gold, answer, leeway, plain_units=True)


def _may_be_added(unit: str, context: Context) -> bool:
    """Return whether an answer may have a unit where the gold answer has none; a number base is no unit."""
    if unit == "percent":
        return context.percent_is_optional
    return not unit.startswith("base ") and context.conventions.unit_may_be_added


def _values_equal(gold: Tree, answer: Tree, leeway: Tolerance, plain_units: bool) -> bool:
    try:
        values = [ExactField(plain_units=plain_units).value(tree) for tree in (gold, answer)]
        if values[0].denominator == 1 and _find_decimal(gold) is None:
            leeway = EXACT  # a decimal of many digits stands for no whole number that it is not
        return _is_close(values[0], values[1], leeway)
    except Undefined:
        return False
    except Unsupported:
        pass
    points: tuple[int, ...] = POINTS if list_variables(gold) or list_variables(answer) else POINTS[:1]
    if len(points) > 1 and any(_has_absolute(tree) for tree in (gold, answer)):
        points = POINTS + NEGATIVE_POINTS
    return all(_values_equal_at(point, gold, answer, leeway, plain_units) for point in points)


def _has_absolute(tree: Tree) -> bool:
    return any(isinstance(node, Apply) and node.head == "abs" for node in walk(tree))


def _values_equal_at(point: int, gold: Tree, answer: Tree, leeway: Tolerance, plain_units: bool) -> bool:
    """Return whether formulas are equal at a point: refuted in floating point, confirmed exactly or to many digits."""
    rough = _evaluate_both(lambda: FloatField(point, plain_units), gold, answer)
    if rough is not None:
        scale = max(abs(rough[0]), abs(rough[1]), 1e-3 if leeway is EXACT else 0.0)
        if abs(rough[0] - rough[1]) > scale * (_FLOAT_TOLERANCE + float(leeway.above)):
            return False
    exact = _evaluate_both(lambda: ExactField(point, plain_units, with_variables=True), gold, answer)
    if exact is not None:
        return _is_close(Fraction(exact[0]), Fraction(exact[1]), leeway)
    precise = _evaluate_both(lambda: PreciseField(point, plain_units), gold, answer)
    if precise is None:
        raise Undecided
    if _is_within(precise[0], precise[1], leeway):
        return True
    difference = abs(precise[0] - precise[1])
    if difference <= max(abs(precise[0]), abs(precise[1])) * 10.0**-_DIGITS_THAT_COUNT:
        return True
    return leeway is EXACT and _is_noise(difference, point, gold, answer, plain_units)


def _is_noise(difference: Any, point: int, gold: Tree, answer: Tree, plain_units: bool) -> bool:
    """Return whether a difference is a rounding error, which more digits make smaller; `e^{-100} - 0` stays what it is.

    Decides without any measure of what counts as small, so that two formulas of zero whose terms cancel are equal, and
    tiny values are not.
    """
    finer = _evaluate_both(lambda: PreciseField(point, plain_units, MORE_DIGITS), gold, answer)
    if finer is None:
        raise Undecided
    return bool(abs(finer[0] - finer[1]) <= difference * 10.0**-_DIGITS_OF_NOISE)


def _evaluate_both(make_field: Callable[[], Field[Any]], gold: Tree, answer: Tree) -> tuple[Any, Any] | None:
    """Return both values; None where this kind of field cannot hold one; two that differ where one is undefined."""
    try:
        return make_field().value(gold), make_field().value(answer)
    except Unsupported:
        return None
    except Undefined:
        return (0.0, 1.0)


def _is_close(gold: Fraction, answer: Fraction, leeway: Tolerance) -> bool:
    if gold == answer:
        return True
    if gold * answer <= 0:
        return False
    excess = abs(answer) / abs(gold) - 1
    return -leeway.below <= excess <= leeway.below or 0 <= excess < leeway.above


def _is_within(gold: Any, answer: Any, leeway: Tolerance) -> bool:
    """Return whether an answer lies within the tolerance that a decimal leaves; an exact gold answer leaves none."""
    if leeway is EXACT or gold == 0:
        return False
    ratio = answer / gold
    if abs(ratio.imag) > 10.0**-_DIGITS_THAT_COUNT * abs(ratio):
        return False
    excess = Fraction(int((ratio.real - 1) * _GRID), _GRID)
    least = Fraction(2, _GRID)  # what lies on the edge of the tolerance may have been evaluated to either side of it
    return abs(excess) <= leeway.below + least or 0 <= excess < leeway.above - least
