"""Equations and inequalities: as the zeros or the signs of the difference of their sides."""

from fractions import Fraction
from typing import Any

from revisual.grading.rules.equality import POINTS, Undecided
from revisual.grading.rules.exact import ExactField
from revisual.grading.rules.fields import Undefined, Unsupported
from revisual.grading.rules.numeric import MORE_DIGITS, PreciseField
from revisual.grading.rules.tree import CONSTANTS, Apply, Symbol, Tree, list_units, list_variables, negate
from revisual.grading.rules.values import Formula, Group, Relation, Value, Words

_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!="}
_DIGITS_THAT_COUNT = 120
"""Of `MORE_DIGITS`, those in which equal ratios agree."""


def is_label(value: Value) -> bool:
    """Return whether an equation's left side only names what is asked: a symbol, a word, f(x), AB, (p, q), V : W."""
    if isinstance(value, Words):
        return True
    if isinstance(value, Group):
        return all(is_label(item) for item in value.items)
    if not isinstance(value, Formula):
        return False
    return bool(list_units(value.tree)) or _is_name(value.tree)


def is_constant(value: Value) -> bool:
    """Return whether a side of an equation is a calculation without variables, as in `2 + 2`."""
    return isinstance(value, Formula) and not list_variables(value.tree)


def _is_name(tree: Tree) -> bool:
    if isinstance(tree, Symbol):
        return tree.name not in CONSTANTS
    return isinstance(tree, Apply) and tree.head in ("*", "/", "abs", "of") and all(map(_is_name, tree.parts))


def rename_argument(relation: Relation) -> Relation:
    """Return a definition `f(z) = ...` with its argument called x."""
    left = relation.left.tree if isinstance(relation.left, Formula) else None
    right = relation.right
    if not isinstance(left, Apply) or left.head != "of" or not isinstance(right, Formula):
        return relation
    function, argument = left.parts
    assert isinstance(argument, Symbol)
    renamed = Formula(Apply("of", (function, Symbol("x"))))
    return Relation(relation.sign, renamed, Formula(_rename_symbol(right.tree, argument.name, "x")))


def _rename_symbol(tree: Tree, old: str, new: str) -> Tree:
    if isinstance(tree, Symbol) and tree.name == old:
        return Symbol(new)
    if isinstance(tree, Apply):
        return Apply(tree.head, tuple(_rename_symbol(part, old, new) for part in tree.parts))
    return tree


def _subtract_sides(relation: Relation) -> Tree | None:
    if not isinstance(relation.left, Formula) or not isinstance(relation.right, Formula):
        return None
    return Apply("+", (relation.left.tree, negate(relation.right.tree)))


def _find_ratio(gold: Tree, answer: Tree) -> Any:
    """Return the constant that one difference is of the other, None if it is none.

    Raises:
        Undecided: the differences cannot be evaluated at a bounded cost.
    """
    ratios = []
    for point in POINTS:
        values = _evaluate_at(point, gold, answer)
        if values is None or 0 in values:
            return None
        ratios.append(values[1] / values[0])
    if isinstance(ratios[0], Fraction):
        return ratios[0] if len(set(ratios)) == 1 else None
    size = abs(ratios[0]) * 10.0**-_DIGITS_THAT_COUNT
    is_constant = all(abs(ratio - ratios[0]) <= size for ratio in ratios) and abs(ratios[0].imag) <= size
    return ratios[0].real if is_constant else None


def _evaluate_at(point: int, gold: Tree, answer: Tree) -> list[Any] | None:
    """Return both values, exactly or to many digits; None where one is undefined."""
    fields = ExactField(point, with_variables=True), PreciseField(point, digits=MORE_DIGITS)
    for field in fields:
        try:
            return [field.value(gold), field.value(answer)]
        except Undefined:
            return None
        except Unsupported:
            continue
    raise Undecided


def equations_equal(gold: Relation, answer: Relation) -> bool:
    """Return whether one equation is a multiple of the other, with the same variables.

    Example: `y + 1 = -(2x-1)^2` and `y = -4x^2 + 4x - 2`
    """
    first, second = _subtract_sides(gold), _subtract_sides(answer)
    if first is None or second is None or not list_variables(first) or list_variables(first) != list_variables(second):
        return False
    return _find_ratio(first, second) is not None


def inequalities_equal(gold: Relation, answer: Relation) -> bool:
    """Return whether one inequality is a multiple of the other, turned around where the factor is negative.

    Example: `-x > -1` and `x < 1`
    """
    gold, answer = _to_inequality(gold), _to_inequality(answer)
    first, second = _subtract_sides(gold), _subtract_sides(answer)
    if first is None or second is None or not list_variables(first) or {gold.sign, answer.sign} - _OPPOSITE.keys():
        return False
    ratio = _find_ratio(first, second)
    if ratio is None:
        return False
    return answer.sign == (gold.sign if ratio > 0 else _OPPOSITE[gold.sign])


def _to_inequality(relation: Relation) -> Relation:
    """Return a half-open interval of a symbol as the inequality that it came from."""
    interval = relation.right
    if relation.sign != "in" or not isinstance(interval, Group) or len(interval.items) != 2:
        return relation
    low, high = interval.items
    infinity = Symbol("infinity")
    if high == Formula(infinity):
        return Relation(">=" if interval.left == "[" else ">", relation.left, low)
    if low == Formula(negate(infinity)):
        return Relation("<=" if interval.right == "]" else "<", relation.left, high)
    return relation
