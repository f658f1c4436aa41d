"""Writes what was read from an answer, for people to check."""

from fractions import Fraction

from revisual.grading.rules.tree import Apply, Matrix, Number, Symbol, Tree, Unit
from revisual.grading.rules.values import Formula, Piecewise, Relation, Union, Value, Words

MAX_WRITTEN = 300
_SIGNS = {"+": " + ", "*": "*", "/": "/", "^": "^"}


def write_value(value: Value) -> str:
    """Return a value in one line.

    Example: the reading of `x < 3` is written `x in (-infinity, 3)`
    """
    text = _write(value)
    return text if len(text) <= MAX_WRITTEN else text[:MAX_WRITTEN] + "..."


def _write(value: Value) -> str:
    if isinstance(value, Words):
        return f"the words {value.text!r}"
    if isinstance(value, Formula):
        return write_tree(value.tree)
    if isinstance(value, Relation):
        return f"{_write(value.left)} {value.sign} {_write(value.right)}"
    if isinstance(value, Union):
        return (" or " if value.by_words else " united with ").join(map(_write, value.parts))
    if isinstance(value, Piecewise):
        rows = (f"{write_tree(tree)} if {_write(where) if where else 'none before'}" for tree, where in value.rows)
        return "cases: " + "; ".join(rows)
    items = ", ".join(map(_write, value.items))
    return f"the list {items}" if not value.left else f"{value.left}{items}{value.right}"


def write_tree(tree: Tree) -> str:
    """Return a formula with a bracket around every operation inside another.

    Example: the reading of `2x + 1` is written `(2*x) + 1`
    """
    if isinstance(tree, Number):
        return _write_number(tree)
    if isinstance(tree, Symbol | Unit):
        return tree.name if isinstance(tree, Symbol) else f"[{tree.name}]"
    if isinstance(tree, Matrix):
        return "matrix " + "; ".join(", ".join(map(write_tree, row)) for row in tree.rows)
    if tree.head in _SIGNS:
        return _SIGNS[tree.head].join(map(_write_part, tree.parts))
    return f"{tree.head}({', '.join(map(write_tree, tree.parts))})"


def _write_part(tree: Tree) -> str:
    is_operation = isinstance(tree, Apply) and tree.head in _SIGNS
    return f"({write_tree(tree)})" if is_operation else write_tree(tree)


def _write_number(number: Number) -> str:
    if number.places is None:
        return str(number.value)
    whole = abs(number.value * Fraction(10) ** number.places)
    digits = f"{whole.numerator:0{number.places + 1}}"
    return f"{'-' if number.value < 0 else ''}{digits[: -number.places]}.{digits[-number.places :]}"
