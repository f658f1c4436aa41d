"""Quantities in several units: 2 hours 30 minutes, 5 feet 6 inches, 3 dollars and 50 cents."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from revisual.grading.rules.tree import Apply, Number, Tree, Unit
from revisual.grading.rules.units import to_base_unit


def join_quantities(parts: Sequence[Tree]) -> Tree | None:
    """Return the sum of quantities in ever smaller units, each less than one of the unit before it; None for others.

    Example: 2 hours and 30 minutes are joined, 2 hours and 3 meters are not, nor 2 hours and 150 minutes
    """
    read = [_read(part) for part in parts]
    if len(read) < 2:
        return None
    for larger, smaller in pairwise(read):
        if larger is None or smaller is None or larger[1] != smaller[1] or not larger[1]:
            return None
        if not smaller[2] < larger[2] or not 0 <= smaller[0] * smaller[2] < larger[2]:
            return None
    return Apply("+", tuple(term for part in parts for term in _list_terms(part)))


def _list_terms(tree: Tree) -> tuple[Tree, ...]:
    return tree.parts if isinstance(tree, Apply) and tree.head == "+" else (tree,)


def _read(tree: Tree) -> tuple[Fraction, str, Fraction] | None:
    """Return a quantity's count, its base unit, and the worth of its unit; of a sum, of its first and largest part."""
    if isinstance(tree, Apply) and tree.head == "+":
        return _read(tree.parts[0])
    if not isinstance(tree, Apply) or tree.head != "*" or len(tree.parts) != 2:
        return None
    count, unit = tree.parts
    if isinstance(unit, Number) and isinstance(count, Unit):
        count, unit = unit, count
    if not isinstance(count, Number) or not isinstance(unit, Unit):
        return None
    base, worth = to_base_unit(unit.name)
    return count.value, base, worth
