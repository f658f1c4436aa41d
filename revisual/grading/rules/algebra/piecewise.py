"""Functions that are defined by cases."""

from fractions import Fraction
from typing import Any

from revisual.grading.rules.algebra.points import NEEDED, TRIED, choose_point, evaluate, is_close
from revisual.grading.rules.exact import ExactField
from revisual.grading.rules.fields import Undefined, Unsupported
from revisual.grading.rules.numeric import FloatField
from revisual.grading.rules.tree import Symbol, Tree, list_variables, walk
from revisual.grading.rules.values import Formula, Group, Piecewise, Relation, Union, Value


def piecewise_equal(gold: Value, answer: Value) -> bool:
    """Return whether functions of one variable by cases are equal: at 20 points of both signs and where cases meet.

    Example: `x if x >= 0, -x if x < 0` and `|x|`
    """
    gold, answer = _without_label(gold), _without_label(answer)
    if not isinstance(gold, Piecewise) and not isinstance(answer, Piecewise):
        return False
    names = sorted(_list_names(gold) | _list_names(answer))
    if len(names) != 1:
        return False
    edges = [{names[0]: edge} for value in (gold, answer) for edge in _list_edges(value)]
    cases = [_list_cases(value) for value in (gold, answer)]
    agreed = 0
    for point in [*edges, *(choose_point(names, number) for number in range(TRIED))]:
        values = [_evaluate(rows, point) for rows in cases]
        if (values[0] is None) != (values[1] is None):
            return False
        if values[0] is None:
            continue
        if values[0] != values[1] and not is_close(values[0], values[1]):
            return False
        agreed += 1
    return agreed >= NEEDED


def _without_label(value: Value) -> Value:
    return value.right if isinstance(value, Relation) and value.sign == "=" else value


def _list_names(value: Value) -> frozenset[str]:
    if isinstance(value, Formula):
        return list_variables(value.tree)
    if isinstance(value, Piecewise):
        names = [list_variables(tree) for tree, _ in value.rows]
        names += [_list_names(condition.left) for _, condition in value.rows if isinstance(condition, Relation)]
        return frozenset().union(*names)
    return frozenset()


def _list_cases(value: Value) -> tuple[tuple[Tree, Value | None], ...]:
    """Return formulas with their conditions; None for a condition that everything else meets."""
    return value.rows if isinstance(value, Piecewise) else ((value.tree, None),) if isinstance(value, Formula) else ()


def _evaluate(rows: tuple[tuple[Tree, Value | None], ...], point: dict[str, Fraction]) -> Any | None:
    """Return the value of the first case whose condition a point meets; None where there is none."""
    at = next(iter(point.values()))
    tree = next((tree for tree, condition in rows if condition is None or _contains(condition, at)), None)
    return None if tree is None else evaluate(tree, point)


def _contains(condition: Value, at: Fraction) -> bool:
    """Return whether a number meets a condition that is a set of numbers, or is in one."""
    if isinstance(condition, Relation):
        return _contains(condition.right, at)
    if isinstance(condition, Union):
        return any(_contains(part, at) for part in condition.parts)
    if not isinstance(condition, Group):
        raise Unsupported("a condition that is no set")
    bounds = [_read_bound(item) for item in condition.items]
    if condition.left == "{":
        return at in bounds
    low, high = bounds
    is_above = low is None or at > low or (at == low and condition.left == "[")
    is_below = high is None or at < high or (at == high and condition.right == "]")
    return is_above and is_below


def _read_bound(value: Value) -> Fraction | None:
    """Return a bound as a fraction, rounded where it is irrational; None for an infinity."""
    if not isinstance(value, Formula):
        raise Unsupported("a bound that is no number")
    if any(node == Symbol("infinity") for node in walk(value.tree)):
        return None
    try:
        return ExactField().value(value.tree)
    except Unsupported:
        return Fraction(FloatField().value(value.tree).real)


def _list_edges(value: Value) -> list[Fraction]:
    """Return the rational ends of the intervals on which the cases hold."""
    if not isinstance(value, Piecewise):
        return []
    return [edge for _, condition in value.rows if condition is not None for edge in _list_ends(condition)]


def _list_ends(value: Value) -> list[Fraction]:
    if isinstance(value, Relation):
        return _list_ends(value.right)
    if isinstance(value, Union):
        return [end for part in value.parts for end in _list_ends(part)]
    if isinstance(value, Group):
        return [end for item in value.items for end in _list_ends(item)]
    if isinstance(value, Formula):
        try:
            return [ExactField().value(value.tree)]
        except (Unsupported, Undefined):
            return []
    return []
