"""What an answer can be: a formula, words, a group of answers, a relation, a union of sets."""

from collections.abc import Iterator
from dataclasses import dataclass

from revisual.grading.rules.tree import Tree


@dataclass(frozen=True)
class Formula:
    """A number or an expression, with its unit if it has one.

    Example: `Formula(Symbol("x"))`
    """

    tree: Tree


@dataclass(frozen=True)
class Words:
    """An answer in words, normalized.

    Example: `Words("no solution")`
    """

    text: str


@dataclass(frozen=True)
class Group:
    """Answers between brackets, or side by side without any.

    Example: the interval `[0,1)` is `Group("[", ")", (zero, one))`, the list `1, 2` is `Group("", "", (one, two))`
    """

    left: str
    right: str
    items: "tuple[Value, ...]"

    @property
    def ordered(self) -> bool:
        """Whether the items' order matters: not in a set, nor in a list without brackets."""
        return self.left not in ("", "{")


@dataclass(frozen=True)
class Relation:
    """An equation or inequality.

    Example: `Relation("=", Words("area"), Words("large"))`
    """

    sign: str
    left: "Value"
    right: "Value"


@dataclass(frozen=True)
class Union:
    r"""Alternatives: sets joined by a union sign, or answers joined by "or".

    Example: `x < 0 \text{ or } x > 1` has two parts
    """

    parts: "tuple[Value, ...]"
    by_words: bool = False
    """Whether "or" joined them."""


@dataclass(frozen=True)
class Piecewise:
    """A function by cases: formulas with their conditions, None for all other arguments.

    Example: `x if x >= 0, -x otherwise` has two rows, the second without a condition
    """

    rows: "tuple[tuple[Tree, Value | None], ...]"


Value = Formula | Words | Group | Relation | Union | Piecewise


def list_items(value: Value) -> "tuple[Value, ...]":
    """Return the items of a group; any other value is its own only item."""
    return value.items if isinstance(value, Group) else (value,)


def list_trees(value: Value) -> Iterator[Tree]:
    """Yield the formulas in a value.

    Example: those of `x = 2` are `x` and `2`
    """
    for part in walk_values(value):
        if isinstance(part, Formula):
            yield part.tree
        elif isinstance(part, Piecewise):
            for tree, condition in part.rows:
                yield tree
                yield from list_trees(condition) if condition is not None else ()


def walk_values(value: Value) -> Iterator[Value]:
    """Yield a value and all values in it: items, parts and sides, but not the cases of a function.

    Example: those of `x = 2` are `x = 2`, `x` and `2`
    """
    yield value
    if isinstance(value, Relation):
        inner: tuple[Value, ...] = (value.left, value.right)
    else:
        inner = value.items if isinstance(value, Group) else value.parts if isinstance(value, Union) else ()
    for part in inner:
        yield from walk_values(part)
