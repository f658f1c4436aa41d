"""Whether two formulas agree wherever both are real: at many points, of both signs, to many digits."""

from fractions import Fraction
from itertools import islice
from typing import Any

from revisual.grading.rules.fields import Undefined, Unsupported
from revisual.grading.rules.numeric import MORE_DIGITS, PreciseField
from revisual.grading.rules.tree import Symbol, Tree, Unit, list_variables, walk

NEEDED = 20
"""Points in the common real domain at which two formulas have to agree; fewer are a refusal."""
TRIED = 160
MAX_COSTLY = 4
"""Points at which a formula may be too costly to evaluate before it is given up."""
DIGITS_THAT_COUNT = 120
"""Of `MORE_DIGITS`."""
_SCALES = Fraction(1, 11), Fraction(1, 3), Fraction(1), Fraction(3), Fraction(10)


def agree_everywhere(gold: Tree, answer: Tree) -> bool:
    r"""Return whether two formulas in the same variables agree at 20 points of their common real domain, to 120 digits.

    Points are tried with either sign of each variable and at five scales, so that formulas which differ only for
    negative or for small values are told apart.

    Example: `2 \arcsin \sqrt{a}` and `\arccos(1 - 2a)`; not `|x|` and `x`
    """
    variables = sorted(list_variables(gold))
    if not variables or list_variables(answer) != set(variables) or _is_not_real(gold) or _is_not_real(answer):
        return False
    agreed = costly = 0
    for number in range(TRIED):
        try:
            values = _evaluate_both(gold, answer, choose_point(variables, number))
        except Unsupported:
            costly += 1
            if costly > MAX_COSTLY:
                return False
            continue
        if values is None:
            continue
        if not is_close(*values):
            return False
        agreed += 1
        if agreed == NEEDED:
            return True
    return False


def choose_point(variables: list[str], number: int) -> dict[str, Fraction]:
    """Return values of the variables at one of the points: all signs and scales in turn, the same in each run."""
    point, rest = {}, number
    for position, name in enumerate(variables):
        sign = -1 if rest % 2 else 1
        scale = _SCALES[(number // 2 + 2 * position) % len(_SCALES)]
        rest //= 2
        point[name] = sign * scale * Fraction(101 + (number * (37 + 18 * position) + 61 * position) % 211, 307)
    return point


def is_close(a: Any, b: Any) -> bool:
    """Return whether two numbers of many digits agree in 120 of them."""
    return bool(abs(a - b) <= max(abs(a), abs(b)) * 10.0**-DIGITS_THAT_COUNT)


def evaluate(tree: Tree, point: dict[str, Fraction]) -> Any | None:
    """Return the real value of a formula at a point; None where it has none.

    Raises:
        Unsupported: it would cost too much, or is of no kind that has a value here.
    """
    field = PreciseField(digits=MORE_DIGITS)
    field.bound = {name: field.number(value) for name, value in point.items()}
    try:
        value = field.value(tree)
    except Undefined:
        return None
    return value.real if abs(value.imag) <= abs(value.real) * 10.0**-DIGITS_THAT_COUNT else None


def _evaluate_both(gold: Tree, answer: Tree, point: dict[str, Fraction]) -> tuple[Any, Any] | None:
    first = evaluate(gold, point)
    second = evaluate(answer, point) if first is not None else None
    return None if first is None or second is None else (first, second)


def _is_not_real(tree: Tree) -> bool:
    return any(isinstance(node, Unit) or node == Symbol("i") for node in islice(walk(tree), 1000))
