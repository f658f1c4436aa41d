"""The project's trees as sympy's, built unevaluated after their sizes were bounded. No text is ever parsed here."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from revisual.grading.rules.algebra.limits import MAX_NODES
from revisual.grading.rules.fields import Unsupported
from revisual.grading.rules.tree import Apply, Number, Symbol, Tree, walk

if TYPE_CHECKING:
    import sympy

MAX_DIGITS = 40
"""Of an integer."""
MAX_EXPONENT = 40
MAX_FACTORIAL = 40
_FUNCTIONS = {
    "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc", "arcsin": "asin",
    "arccos": "acos", "arctan": "atan", "arccot": "acot", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "ln": "log",
    "exp": "exp", "abs": "Abs", "floor": "floor", "ceil": "ceiling",
}  # fmt: skip
_CONSTANTS = {"pi": "pi", "e": "E", "i": "I"}


def make_symbol(name: str) -> "sympy.Symbol":
    """Return the real variable of a name."""
    import sympy

    return sympy.Symbol(name, real=True)


def to_sympy(tree: Tree) -> Any:
    """Return a formula as sympy's expression, not evaluated.

    Raises:
        Unsupported: it has units, unknown operations, or is larger than what is built here.
    """
    if sum(1 for _ in walk(tree)) > MAX_NODES:
        raise Unsupported("a large formula")
    return _convert(tree)


def _convert(tree: Tree) -> Any:
    import sympy

    if isinstance(tree, Number):
        if max(abs(tree.value.numerator), tree.value.denominator) >= 10**MAX_DIGITS:
            raise Unsupported("a large number")
        return sympy.Rational(tree.value.numerator, tree.value.denominator)
    if isinstance(tree, Symbol):
        if tree.name == "infinity":
            return sympy.oo
        return getattr(sympy, _CONSTANTS[tree.name]) if tree.name in _CONSTANTS else make_symbol(tree.name)
    if not isinstance(tree, Apply):
        raise Unsupported("no formula of numbers")
    if tree.head in ("sum", "prod"):
        return _convert_series(tree)
    _check_size(tree)
    return _apply(tree.head, [_convert(part) for part in tree.parts])


def _apply(head: str, parts: list[Any]) -> Any:
    import sympy

    if head == "+":
        return sympy.Add(*parts, evaluate=False)
    if head == "*":
        return sympy.Mul(*parts, evaluate=False)
    if head == "/":
        return sympy.Mul(parts[0], sympy.Pow(parts[1], -1, evaluate=False), evaluate=False)
    if head == "^":
        return sympy.Pow(*parts, evaluate=False)
    if head == "root":
        return sympy.Pow(parts[1], sympy.Pow(parts[0], -1, evaluate=False), evaluate=False)
    if head in ("log", "lg"):
        base = parts[1] if len(parts) > 1 else sympy.Integer(10)
        logarithms = [sympy.log(part, evaluate=False) for part in (parts[0], base)]
        return sympy.Mul(logarithms[0], sympy.Pow(logarithms[1], -1, evaluate=False), evaluate=False)
    if head == "!":
        return sympy.factorial(parts[0], evaluate=False)
    if head == "binom":
        return sympy.binomial(*parts, evaluate=False)
    if head in _FUNCTIONS and len(parts) == 1:
        return getattr(sympy, _FUNCTIONS[head])(parts[0], evaluate=False)
    raise Unsupported(head)


def _check_size(tree: Apply) -> None:
    """Refuse powers, factorials and binomials of numbers that are costly to evaluate."""
    if tree.head == "^":
        _check_number(tree.parts[1], MAX_EXPONENT)
    elif tree.head == "root":
        _check_number(tree.parts[0], MAX_EXPONENT)
    elif tree.head in ("!", "binom"):
        for part in tree.parts:
            _check_number(part, MAX_FACTORIAL)


def _check_number(tree: Tree, largest: int) -> None:
    """Refuse a number in a tree that is larger, wherever it stands: what it is multiplied with may be small or not."""
    for node in walk(tree):
        if isinstance(node, Number) and max(abs(node.value), Fraction(node.value.denominator)) > largest:
            raise Unsupported("a large exponent")
        is_growing = isinstance(node, Apply) and node.head in ("^", "!", "binom", "exp")
        if is_growing and not any(isinstance(inner, Symbol) for inner in walk(node)):
            raise Unsupported("a tower of powers")


def _convert_series(tree: Apply) -> Any:
    import sympy

    variable, first, last, term = tree.parts
    if not isinstance(variable, Symbol):
        raise Unsupported("a sum without an index")
    for bound in (first, last):
        _check_number(bound, MAX_FACTORIAL)
    index = sympy.Symbol(variable.name, integer=True)
    bounds = [_convert(bound) for bound in (first, last)]
    inner = _convert(term).xreplace({make_symbol(variable.name): index})
    return (sympy.Sum if tree.head == "sum" else sympy.Product)(inner, (index, *bounds))
