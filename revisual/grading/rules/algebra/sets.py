"""Sets of real numbers with points taken out, and unions that overlap or touch: as sympy's sets."""

from typing import Any

from revisual.grading.rules.algebra.convert import to_sympy
from revisual.grading.rules.fields import Unsupported
from revisual.grading.rules.tree import Apply, Tree, list_variables
from revisual.grading.rules.values import Formula, Group, Relation, Union, Value

MAX_PARTS = 12


def sets_equal(gold: Value, answer: Value) -> bool:
    r"""Return whether two descriptions of sets of real numbers mean the same set.

    Example: `(0,5) \setminus \{2\}` and `(0,2) \cup (2,5)`, or `0 < x < 5, x != 2`
    """
    names = _list_names(gold) | _list_names(answer)
    if len(names) > 1 or not (_is_set(gold) and _is_set(answer)):
        return False
    first, second = to_set(gold), to_set(answer)
    return bool(first == second or first.symmetric_difference(second).is_empty)


def to_set(value: Value) -> Any:
    """Return a value as a set of real numbers.

    Raises:
        Unsupported: it is none, or has bounds that are no real numbers.
    """
    import sympy

    if isinstance(value, Union) and len(value.parts) <= MAX_PARTS:
        return sympy.Union(*map(to_set, value.parts))
    if isinstance(value, Relation):
        return _relation_to_set(value)
    if not isinstance(value, Group) or len(value.items) > MAX_PARTS:
        raise Unsupported("no set")
    if value.left == "{":
        return sympy.FiniteSet(*(_to_number(item) for item in value.items))
    if value.left == "" and all(isinstance(item, Relation) for item in value.items):
        return sympy.Intersection(*map(to_set, value.items))
    if len(value.items) != 2 or value.left not in ("(", "[") or value.right not in (")", "]"):
        raise Unsupported("no interval")
    low, high = map(_to_number, value.items)
    return sympy.Interval(low, high, value.left == "(", value.right == ")")


def _relation_to_set(relation: Relation) -> Any:
    import sympy

    if relation.sign == "without":
        return sympy.Complement(to_set(relation.left), to_set(relation.right))
    if relation.sign == "in":
        return to_set(relation.right)
    raise Unsupported("a relation that is no membership")


def _to_number(value: Value) -> Any:
    """Return a bound or an element: a real number or an infinity."""
    if not isinstance(value, Formula) or list_variables(value.tree):
        raise Unsupported("a bound with variables")
    number = to_sympy(value.tree).doit()
    if not number.is_extended_real:
        raise Unsupported("a bound that is not real")
    return number


def _is_set(value: Value) -> bool:
    if isinstance(value, Union):
        return True
    if isinstance(value, Relation):
        return value.sign in ("in", "without")
    if isinstance(value, Group) and value.left == "":
        return len(value.items) > 1 and all(isinstance(item, Relation) and item.sign == "in" for item in value.items)
    return isinstance(value, Group) and (value.left == "{" or len(value.items) == 2)


def _list_names(value: Value) -> frozenset[str]:
    """Return the variables that a set is described with."""
    if isinstance(value, Relation) and isinstance(value.left, Formula) and value.sign == "in":
        return list_variables(_without_index(value.left.tree))
    if isinstance(value, Union):
        return frozenset(name for part in value.parts for name in _list_names(part))
    if isinstance(value, Group):
        return frozenset(name for item in value.items for name in _list_names(item))
    return frozenset()


def _without_index(tree: Tree) -> Tree:
    return tree.parts[0] if isinstance(tree, Apply) and tree.head == "of" else tree
