"""Decides by algebra whether two values are the same, after the fast rules have refused."""

from collections.abc import Callable

from revisual.grading.rules.algebra.equations import equations_equal_when_solved, is_closed, series_equal
from revisual.grading.rules.algebra.families import families_equal
from revisual.grading.rules.algebra.limits import MAX_NODES
from revisual.grading.rules.algebra.piecewise import piecewise_equal
from revisual.grading.rules.algebra.points import agree_everywhere
from revisual.grading.rules.algebra.sets import sets_equal
from revisual.grading.rules.tree import Tree, list_variables, walk
from revisual.grading.rules.values import Formula, Piecewise, Relation, Union, Value, list_items, list_trees

_WAYS: tuple[Callable[[Value, Value], bool], ...] = (
    sets_equal, families_equal, equations_equal_when_solved, piecewise_equal,
)  # fmt: skip


def may_decide(gold: Value, answer: Value) -> bool:
    """Return whether algebra may find equal what fast rules did not: there are letters, sets or cases, and few."""
    trees = [*list_trees(gold), *list_trees(answer)]
    if not trees or sum(1 for tree in trees for _ in walk(tree)) > MAX_NODES:
        return False
    if isinstance(gold, Piecewise) or isinstance(answer, Piecewise):
        return True
    if _speaks_of_sets(gold) or _speaks_of_sets(answer):
        return not isinstance(gold, Formula) and not isinstance(answer, Formula)
    return any(map(list_variables, list_trees(gold)))


def _speaks_of_sets(value: Value) -> bool:
    """Return whether a value is a union, an inequality, or a list of such."""
    return isinstance(value, Union) or any(map(_is_membership, list_items(value)))


def _is_membership(value: Value) -> bool:
    return isinstance(value, Relation) and value.sign != "="


def equal_by_algebra(gold: Value, answer: Value) -> bool:
    """Return whether values are equal by a way of algebra; refuse what is too large or takes too long.

    Example: `xy = 6` and `y = 6/x`
    """
    return any(_try(way, gold, answer) for way in _WAYS)


def formulas_equal_by_algebra(gold: Tree, answer: Tree) -> bool:
    """Return whether two formulas agree wherever both are real, or have sums that are equal in closed form."""
    if agree_everywhere(gold, answer):
        return True
    return _try(lambda first, second: series_equal(gold, answer), Formula(gold), Formula(answer))


def has_closed_form(tree: Tree) -> bool:
    """Return whether a formula with sums to a letter has a value that could be compared."""
    return _try(lambda first, second: is_closed(tree), Formula(tree), Formula(tree))


def _try(way: Callable[[Value, Value], bool], gold: Value, answer: Value) -> bool:
    """Return the verdict of one way; False where it has none."""
    try:
        return way(gold, answer)
    except Exception:  # sympy raises errors of many kinds where it does not know what to do; that is no proof
        return False
