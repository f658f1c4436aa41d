"""Inequalities and sets of real numbers as intervals."""

from itertools import pairwise

from revisual.grading.rules.fields import Undefined, Unsupported
from revisual.grading.rules.numeric import FloatField
from revisual.grading.rules.tree import Apply, Symbol, negate
from revisual.grading.rules.values import Formula, Group, Relation, Union, Value

INFINITY = Symbol("infinity")
REALS = Group("(", ")", (Formula(negate(INFINITY)), Formula(INFINITY)))
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_MIRRORED = {"(": ")", ")": "(", "[": "]", "]": "["}


def make_between(middle: Value, interval: Group) -> Value:
    """What lies between two bounds; of an absolute value, what lies so on either side of zero."""
    if not (isinstance(middle, Formula) and isinstance(middle.tree, Apply) and middle.tree.head == "abs"):
        return Relation("in", middle, interval)
    lower, upper = interval.items
    mirrored = Group(_MIRRORED[interval.right], _MIRRORED[interval.left], (_negate_value(upper), _negate_value(lower)))
    return Relation("in", Formula(middle.tree.parts[0]), Union((mirrored, interval)))


def make_inequality(sign: str, left: Value, right: Value) -> Value:
    """An inequality of a lone symbol as the interval it lies in; others as they are."""
    if not is_symbol(left) and is_symbol(right):
        left, right, sign = right, left, _FLIPPED[sign]
    if not is_symbol(left) or not isinstance(right, Formula) or is_symbol(right):
        return Relation(sign, left, right)
    least, most = Formula(negate(INFINITY)), Formula(INFINITY)
    if sign == "!=":
        return Relation("in", left, Union((Group("(", ")", (least, right)), Group("(", ")", (right, most)))))
    if sign in ("<", "<="):
        return Relation("in", left, Group("(", "]" if sign == "<=" else ")", (least, right)))
    return Relation("in", left, Group("[" if sign == ">=" else "(", ")", (right, most)))


def is_symbol(value: Value) -> bool:
    """Whether a value is a lone variable, `f(x)`, or the absolute value of a variable."""
    if not isinstance(value, Formula):
        return False
    tree = value.tree
    if isinstance(tree, Apply) and tree.head == "of":
        return True
    if isinstance(tree, Apply) and tree.head == "abs":
        return isinstance(tree.parts[0], Symbol)
    return isinstance(tree, Symbol) and tree.name not in ("pi", "e", "i", "infinity")


def remove_points(whole: Value, taken: Value) -> Value:
    """The real numbers without some of them, as the intervals between these."""
    points = taken.items if isinstance(taken, Group) and taken.left == "{" else (taken,)
    if whole != REALS or not all(isinstance(point, Formula) for point in points):
        return Relation("without", whole, taken)
    ordered = sorted(points, key=_estimate)
    edges = [REALS.items[0], *ordered, REALS.items[1]]
    return Union(tuple(Group("(", ")", (low, high)) for low, high in pairwise(edges)))


def _estimate(value: Value) -> float:
    if isinstance(value, Formula):
        try:
            return FloatField().value(value.tree).real
        except (Unsupported, Undefined):
            pass
    return 0.0


def _negate_value(value: Value) -> Value:
    return Formula(negate(value.tree)) if isinstance(value, Formula) else value
