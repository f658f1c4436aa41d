"""Inequalities and sets of real numbers as intervals."""

from fractions import Fraction
from itertools import pairwise

from revisual.grading.rules.exact import ExactField
from revisual.grading.rules.fields import Undefined, Unsupported
from revisual.grading.rules.numeric import FloatField
from revisual.grading.rules.tree import CONSTANTS, Apply, Number, Symbol, Tree, negate, walk
from revisual.grading.rules.values import Formula, Group, Relation, Union, Value

INFINITY = Symbol("infinity")
REALS = Group("(", ")", (Formula(negate(INFINITY)), Formula(INFINITY)))
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_MIRRORED = {"(": ")", ")": "(", "[": "]", "]": "["}


def make_between(middle: Value, interval: Group) -> Value:
    """Return the interval between two bounds; of an absolute value, those on either side of zero."""
    if not (isinstance(middle, Formula) and isinstance(middle.tree, Apply) and middle.tree.head == "abs"):
        return Relation("in", middle, interval)
    lower, upper = interval.items
    mirrored = Group(_MIRRORED[interval.right], _MIRRORED[interval.left], (_negate_value(upper), _negate_value(lower)))
    return Relation("in", Formula(middle.tree.parts[0]), Union((mirrored, interval)))


def make_inequality(sign: str, left: Value, right: Value) -> Value:
    """Return an inequality of a lone symbol as the interval it lies in; others as they are."""
    if (not is_symbol(left) and is_symbol(right)) or _is_absolute(right):
        left, right, sign = right, left, _FLIPPED[sign]
    if not (is_symbol(left) or _is_absolute(left)) or not isinstance(right, Formula) or is_symbol(right):
        return Relation(sign, left, right)
    if isinstance(left, Formula) and isinstance(left.tree, Apply) and _is_absolute(left) and sign != "!=":
        return _bound_absolute(sign, left.tree.parts[0], right) or Relation(sign, left, right)
    least, most = Formula(negate(INFINITY)), Formula(INFINITY)
    if sign == "!=":
        return Relation("in", left, Union((Group("(", ")", (least, right)), Group("(", ")", (right, most)))))
    if sign in ("<", "<="):
        return Relation("in", left, Group("(", "]" if sign == "<=" else ")", (least, right)))
    return Relation("in", left, Group("[" if sign == ">=" else "(", ")", (right, most)))


def _is_absolute(value: Value) -> bool:
    return isinstance(value, Formula) and isinstance(value.tree, Apply) and value.tree.head == "abs"


def _bound_absolute(sign: str, inner: Tree, bound: Formula) -> Value | None:
    """Return where an absolute value is less or more than a positive number; None unless it is of `a x + b`.

    Example: `|x - 1| < 2` is `-1 < x < 3`
    """
    linear = _read_linear(inner)
    least = 0.0 if sign == ">" else 1e-300
    if linear is None or _estimate(bound) < least or any(isinstance(node, Symbol) for node in walk(bound.tree)):
        return None
    name, slope, offset = linear
    edges = [_solve_linear(slope, offset, edge) for edge in (negate(bound.tree), bound.tree)]
    low, high = map(Formula, edges if slope > 0 else edges[::-1])
    if sign in ("<", "<="):
        inside = Group("[", "]", (low, high)) if sign == "<=" else Group("(", ")", (low, high))
        return Relation("in", Formula(Symbol(name)), inside)
    left, right = ("]", "[") if sign == ">=" else (")", "(")
    outside = Group("(", left, (REALS.items[0], low)), Group(right, ")", (high, REALS.items[1]))
    return Relation("in", Formula(Symbol(name)), Union(outside))


def _read_linear(tree: Tree) -> tuple[str, Fraction, Fraction] | None:
    """Return name, slope and offset of `a x + b` with rational a and b, None for other formulas."""
    names = {node.name for node in walk(tree) if isinstance(node, Symbol)}
    if len(names) != 1 or names & CONSTANTS:
        return None
    name = names.pop()
    try:
        values = [_evaluate(tree, name, at) for at in (0, 1, 2, 3, 5, 7, 11)]
    except (Unsupported, Undefined):
        return None
    slope, offset = values[1] - values[0], values[0]
    is_linear = all(value == slope * at + offset for value, at in zip(values, (0, 1, 2, 3, 5, 7, 11), strict=True))
    return (name, slope, offset) if is_linear and slope else None


def _evaluate(tree: Tree, name: str, at: int) -> Fraction:
    field = ExactField()
    field.bound[name] = Fraction(at)
    return field.value(tree)


def _solve_linear(slope: Fraction, offset: Fraction, value: Tree) -> Tree:
    """Return the x of `a x + b = value`, written as simply as its parts allow."""
    shifted = value if offset == 0 else Apply("+", (value, Number(-offset)))
    return shifted if slope == 1 else Apply("/", (shifted, Number(slope)))


def is_symbol(value: Value) -> bool:
    """Return whether a value is a lone variable, `f(x)`, or the absolute value of a variable."""
    if not isinstance(value, Formula):
        return False
    tree = value.tree
    if isinstance(tree, Apply) and tree.head == "of":
        return True
    if isinstance(tree, Apply) and tree.head == "abs":
        return isinstance(tree.parts[0], Symbol)
    return isinstance(tree, Symbol) and tree.name not in ("pi", "e", "i", "infinity")


def remove_points(whole: Value, taken: Value) -> Value:
    """Return the real numbers without some of them, as the intervals between these."""
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
