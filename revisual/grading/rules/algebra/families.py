"""Families of angles that an integer numbers: `pi/6 + n pi`, whatever the integer is called and where it starts."""

import math
from fractions import Fraction
from typing import Any

from revisual.grading.rules.algebra.convert import make_symbol, to_sympy
from revisual.grading.rules.tree import Apply, Symbol, Tree, Unit, integer, list_variables, walk
from revisual.grading.rules.values import Formula, Group, Relation, Union, Value

INTEGER_NAMES = frozenset("nkmljNZKM")
MAX_RESIDUES = 120


def families_equal(gold: Value, answer: Value) -> bool:
    """Return whether two families of angles, or lists of them, have the same members.

    Only angles: the period has to be a rational multiple of pi or of a degree, so that `2k` and `2n` stay different.

    Example: `pi/6 + n pi` and `7pi/6 + k pi`; `n pi/2` and `n pi, pi/2 + k pi`
    """
    first, second = _read_families(gold), _read_families(answer)
    if not first or not second:
        return False
    steps = [step for _, step in first + second]
    period = Fraction(math.lcm(*(step.numerator for step in steps)), math.gcd(*(step.denominator for step in steps)))
    if any(period / step > MAX_RESIDUES for step in steps):
        return False
    return _list_residues(first, period) == _list_residues(second, period)


def _list_residues(families: list[tuple[Fraction, Fraction]], period: Fraction) -> set[Fraction]:
    return {(start + index * step) % period for start, step in families for index in range(int(period / step))}


def _read_families(value: Value) -> list[tuple[Fraction, Fraction]] | None:
    """Start and step of each family in units of pi, None if one of them is none."""
    if isinstance(value, Relation) and value.sign in ("=", "in"):
        return _read_families(value.right)
    if isinstance(value, Formula):
        family = _read_family(value.tree)
        return None if family is None else [family]
    if isinstance(value, Union):
        parts: tuple[Value, ...] = value.parts
    elif isinstance(value, Group) and value.left in ("", "{"):
        parts = value.items
    else:
        return None
    lists = [_read_families(part) for part in parts[:8]]
    if len(parts) > 8 or any(families is None for families in lists):
        return None
    return [family for families in lists for family in families or []]


def _read_family(tree: Tree) -> tuple[Fraction, Fraction] | None:
    names = list_variables(tree)
    is_angle = any(node in (Unit("degree"), Symbol("pi")) for node in walk(tree))
    if len(names) != 1 or not names <= INTEGER_NAMES or not is_angle:
        return None
    import sympy

    symbol = make_symbol(next(iter(names)))
    ratio = sympy.expand(to_sympy(_degrees_to_pi(tree)).doit() / sympy.pi)
    step, start = ratio.coeff(symbol, 1), ratio.coeff(symbol, 0)
    if sympy.expand(ratio - step * symbol - start) != 0 or not (step.is_Rational and start.is_Rational) or step == 0:
        return None
    return _to_fraction(start), abs(_to_fraction(step))


def _degrees_to_pi(tree: Tree) -> Tree:
    if tree == Unit("degree"):
        return Apply("/", (Symbol("pi"), integer(180)))
    return Apply(tree.head, tuple(map(_degrees_to_pi, tree.parts))) if isinstance(tree, Apply) else tree


def _to_fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))
