"""Formulas as trees: numbers, symbols, units, and operations on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


class Unreadable(Exception):
    """A text that is no formula, or one that is too large to be read."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written.

    Example: `Number(Fraction(157, 50), places=2, digits=3)` is 3.14, and `Number(Fraction(3), None, 1)` is 3
    """

    value: Fraction
    places: int | None = None
    """Digits after the decimal point, None without a point."""
    digits: int = 0
    """Significant digits."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A variable or a constant.

    Example: `Symbol("x_{1}")`, `Symbol("pi")`
    """

    name: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure, or the noun that stands in a unit's place.

    Example: `Unit("cm")`, `Unit("goat")`
    """

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation and what it is applied to.

    Example: `Apply("+", (Symbol("x"), Number(Fraction(1), None, 1)))`
    """

    head: str
    parts: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of formulas, all of the same length."""

    rows: "tuple[tuple[Tree, ...], ...]"


Tree = Number | Symbol | Unit | Apply | Matrix

CONSTANTS = frozenset({"pi", "e", "i", "infinity"})
"""Symbols that are no variables."""
ONE = Number(Fraction(1), None, 1)
MINUS_ONE = Number(Fraction(-1), None, 1)


def walk(tree: Tree) -> Iterator[Tree]:
    """Yield every node of a tree, the root first."""
    waiting: list[Tree] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Apply):
            waiting.extend(node.parts)
        elif isinstance(node, Matrix):
            waiting.extend(entry for row in node.rows for entry in row)


def list_variables(tree: Tree) -> frozenset[str]:
    """Return the variables of a formula, without constants.

    Example: the variables of `2 pi r` are `r`
    """
    return frozenset(node.name for node in walk(tree) if isinstance(node, Symbol)) - CONSTANTS


def list_units(tree: Tree) -> frozenset[str]:
    """Return the names of a formula's units."""
    return frozenset(node.name for node in walk(tree) if isinstance(node, Unit))


def has_decimals(tree: Tree) -> bool:
    """Return whether a number of a formula is written with a decimal point."""
    return any(isinstance(node, Number) and node.places is not None for node in walk(tree))


def sort_parts(tree: Tree) -> Tree:
    """Return a formula with the parts of its sums and products in one order, however they were written."""
    if not isinstance(tree, Apply):
        return tree
    parts = tuple(map(sort_parts, tree.parts))
    return Apply(tree.head, tuple(sorted(parts, key=repr)) if tree.head in ("+", "*") else parts)


def negate(tree: Tree) -> Tree:
    """Return the tree with a minus sign before it."""
    return Apply("*", (MINUS_ONE, tree))


def integer(value: int) -> Number:
    """Return a whole number as a tree."""
    return Number(Fraction(value), None, len(str(abs(value))))
