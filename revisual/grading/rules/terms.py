r"""Which operations a formula leaves undone.

A formula is worked out if it is a numeral or a sum of unlike terms. A numeral, by this list and nothing else: integers,
decimals, p/q of two integers or surds that is not whole, mixed numbers, a times 10^n, surds of integers that are no
perfect powers, pi, e, i, infinity, a product of one such coefficient with such symbols, each with its sign and unit.
Variables and what is made of them stand beside a coefficient as pi does. All else is an operation that is left.
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from revisual.grading.rules.tree import CONSTANTS, Apply, Matrix, Number, Symbol, Tree, Unit, list_variables

SUM, LIKE_TERMS, PRODUCT, QUOTIENT = "+", "like terms", "*", "/"
_IRRATIONAL = ("root ", "constant sum ")
MAX_RADICAND = 10**12
"""Larger integers below a root are not searched for square factors."""


@dataclass(frozen=True)
class Term:
    r"""A factor or term: its rational coefficient, if one is written, and what it is multiplied by.

    Example: `3\sqrt{2}` has one rational factor, and the symbol `root 2 2`
    """

    rationals: int = 0
    """Rational factors, each a numeral by itself."""
    symbols: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    powers_of_ten: int = 0
    is_integer: bool = True
    """Whether its rational factors are integers, as those of a fraction's two sides have to be."""
    value: Fraction = Fraction(1)
    """The product of the rational factors."""
    is_one: bool = False
    """Whether it is a written 1."""

    def key(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what terms must have in common to be added up."""
        return tuple(sorted(self.symbols)), tuple(sorted(self.units))


def is_sign(tree: Tree) -> bool:
    """Return whether a factor is the minus sign: digits alone are never negative."""
    return isinstance(tree, Number) and tree.value == -1


def has_variables(tree: Tree) -> bool:
    """Return whether a formula has symbols other than the constants."""
    return bool(list_variables(tree))


def list_operations(tree: Tree, plus_is_written: bool = True) -> Counter[str]:
    r"""Return the operations that a formula leaves undone, by kind, each as often as it occurs.

    Args:
        tree: the formula.
        plus_is_written: False where the text has no plus sign: a sum with a fraction is then a mixed number.

    Example: of `\frac{7}{2}` and `2\sqrt{3}` there are none, of `\frac{84}{7}` there is one, "/"
    """
    reader = _TermReader(plus_is_written)
    reader.describe(tree)
    return reader.left


def list_terms(tree: Tree) -> list[tuple[int, Tree]]:
    """Return the terms of a sum with signs, sums in brackets dissolved; a formula that is no sum is one term."""
    if isinstance(tree, Apply) and tree.head == "+":
        return [term for part in tree.parts for term in list_terms(part)]
    if isinstance(tree, Apply) and tree.head == "*" and len(tree.parts) == 2 and is_sign(tree.parts[0]):
        return [(-sign, term) for sign, term in list_terms(tree.parts[1])]
    return [(1, tree)]


def list_factors(tree: Tree) -> list[Tree]:
    """Return the factors of a product without signs, those of products in it included."""
    if isinstance(tree, Apply) and tree.head == "*":
        return [factor for part in tree.parts for factor in list_factors(part) if not is_sign(factor)]
    return [tree]


def count_signs(tree: Tree) -> int:
    """Return the minus signs among the factors of a product."""
    if isinstance(tree, Apply) and tree.head == "*":
        return sum(map(count_signs, tree.parts))
    return int(is_sign(tree))


def is_mixed_number(tree: Tree) -> bool:
    """Return whether a sum may be a mixed number: an integer and a fraction of integers, perhaps with its unit."""
    if not isinstance(tree, Apply) or tree.head != "+" or len(tree.parts) != 2:
        return False
    whole, fraction = tree.parts
    if isinstance(fraction, Apply) and fraction.head == "*" and isinstance(fraction.parts[-1], Unit):
        fraction = fraction.parts[0]
    quotient = isinstance(fraction, Apply) and fraction.head == "/" and all(map(_is_integer, fraction.parts))
    return quotient and _is_integer(whole) and not is_sign(whole)


def _is_integer(tree: Tree) -> bool:
    return isinstance(tree, Number) and tree.places is None


def split_root(value: int, degree: int) -> tuple[int, int]:
    """Return a root of an integer with the largest perfect power taken out: the factor before it, and what stays below.

    Example: `split_root(12, 2) == (2, 3)` and `split_root(144, 2) == (12, 1)`
    """
    if not 0 < value <= MAX_RADICAND or not 2 <= degree <= 40:
        return 1, value
    outside, base = 1, 2
    while base**degree <= value and base < 10_000:
        while value % base**degree == 0:
            value //= base**degree
            outside *= base
        base += 1
    root = round(value ** (1 / degree))
    return (outside * root, 1) if root > 1 and root**degree == value else (outside, value)


class _TermReader:
    """One pass over a formula, which counts what is left."""

    def __init__(self, plus_is_written: bool) -> None:
        self.plus_is_written = plus_is_written
        self.left: Counter[str] = Counter()

    def describe(self, tree: Tree) -> Term:
        """Return a formula as a term; what is left to be done in it is counted."""
        if isinstance(tree, Number):
            return Term(1, is_integer=tree.places is None, value=tree.value, is_one=tree.value == 1)
        if isinstance(tree, Symbol):
            return Term(symbols=(tree.name,))
        if isinstance(tree, Unit):
            return Term(units=(tree.name,))
        if isinstance(tree, Matrix):
            self._describe_matrix(tree)
            return Term(symbols=(repr(tree),))
        if tree.head == "*":
            self.left[PRODUCT] += count_signs(tree) > 1 and not has_variables(tree)
            return self._multiply([self.describe(factor) for factor in list_factors(tree)])
        describe = {"+": self._add, "/": self._divide, "root": self._take_root, "^": self._raise}
        return describe.get(tree.head, self._apply)(tree)

    def _multiply(self, factors: list[Term]) -> Term:
        scientific = sum(factor.powers_of_ten for factor in factors)
        rationals = sum(factor.rationals for factor in factors)
        allowed = 1 + (scientific == 1 and rationals == 2)  # 1.5 times 10^3 is one numeral
        symbols = tuple(symbol for factor in factors for symbol in factor.symbols)
        surds = [symbol for symbol in symbols if symbol.startswith(_IRRATIONAL)]
        self.left[PRODUCT] += max(rationals - allowed, 0) + max(len(surds) - 1, 0)
        self.left[PRODUCT] += bool(symbols) and sum(factor.is_one for factor in factors)  # times 1
        value = Fraction(1)
        for factor in factors:
            value *= factor.value
        units = tuple(unit for factor in factors for unit in factor.units)
        whole = all(factor.is_integer for factor in factors) and not scientific
        return Term(min(rationals, 1), symbols, units, 0, whole, value)

    def _add(self, tree: Apply) -> Term:
        if is_mixed_number(tree) and not self.plus_is_written:
            unit = tree.parts[1].parts[-1] if isinstance(tree.parts[1], Apply) else None
            return Term(1, (), (unit.name,) if isinstance(unit, Unit) else (), is_integer=False)
        terms = [self.describe(term) for _, term in list_terms(tree)]
        keys = [term.key() for term in terms]
        self.left[LIKE_TERMS] += len(keys) - len(set(keys))
        self.left[LIKE_TERMS] += sum(term.value == 0 for term in terms)  # plus 0
        # A sum of numbers in brackets within another is not multiplied out.
        self.left[LIKE_TERMS] += sum(s.startswith("constant sum ") for term in terms for s in term.symbols)
        if not all(units for _, units in keys):  # hours and minutes are one quantity
            self.left[SUM] += 1
        if not any(term.symbols for term in terms):
            return Term(1, is_integer=False)
        kind = "sum" if has_variables(tree) else "constant sum"
        return Term(symbols=(f"{kind} {sorted(map(repr, tree.parts))}",))

    def _divide(self, tree: Apply) -> Term:
        top, bottom = map(self.describe, tree.parts)
        if not bottom.rationals and not bottom.symbols:
            return Term(top.rationals, top.symbols, (*top.units, *(f"1/{unit}" for unit in bottom.units)))
        left = not (top.is_integer and bottom.is_integer) or bool(top.units or bottom.units)
        shared = set(top.symbols) & set(bottom.symbols) & {s for s in bottom.symbols if s in CONSTANTS or " " in s}
        whole = top.rationals and bottom.rationals and bottom.value and (top.value / bottom.value).denominator == 1
        is_plain = not top.symbols and not bottom.symbols
        is_plain = is_plain or (not bottom.symbols and has_variables(tree.parts[0]))
        complex_below = any(s.startswith("constant sum ") and "'i'" in s for s in bottom.symbols)
        left = left or bool(shared) or bool(is_plain and whole) or bottom.is_one or complex_below
        self.left[QUOTIENT] += left
        below = tuple(symbol if symbol.startswith("root ") else f"1/{symbol}" for symbol in bottom.symbols)
        rational = top.rationals or bottom.rationals
        return Term(min(rational, 1), top.symbols + below, top.units, is_integer=False)

    def _take_root(self, tree: Apply) -> Term:
        degree, inside = tree.parts
        if not isinstance(degree, Number) or degree.value.denominator != 1:
            return self._apply(tree)
        order = int(degree.value)
        if _is_integer(inside) and isinstance(inside, Number):
            below = split_root(int(inside.value), order)[1]
            self.left["root"] += below <= 1
            return Term(symbols=(f"root {order} {below}",))
        value = _read_rational(inside)
        if value is not None and order < 8:  # of a fraction: that of an integer over one
            below = split_root(value.numerator * value.denominator ** (order - 1), order)[1]
            self.left["root"] += below <= 1
            return Term(symbols=(f"root {order} {below}",))
        inside_power = inside.parts[1] if isinstance(inside, Apply) and inside.head == "^" else None
        if isinstance(inside_power, Number) and inside_power.value % order == 0:
            self.left["root"] += 1
        return self._apply(tree)

    def _raise(self, tree: Apply) -> Term:
        base, exponent = tree.parts
        if isinstance(base, Unit) and isinstance(exponent, Number):
            return Term(units=(f"{base.name}^{exponent.value}",))
        power = _read_rational(exponent)
        if isinstance(base, Number) and base.value == 10 and power is not None and power.denominator == 1:
            return Term(1, powers_of_ten=1, is_integer=False)
        if (
            _is_integer(base)
            and isinstance(base, Number)
            and power is not None
            and power.numerator == 1 < power.denominator
        ):
            return self._take_root(Apply("root", (Number(Fraction(power.denominator), None, 1), base)))
        if not has_variables(tree):
            return self._apply(tree)
        self.left["^"] += power == 1
        self.describe(exponent)
        self.describe(base)
        return Term(symbols=(f"{base!r}^{exponent!r}",))

    def _apply(self, tree: Apply) -> Term:
        for part in tree.parts:
            self.describe(part)
        if has_variables(tree):
            return Term(symbols=(repr(tree),))
        self.left[tree.head] += 1
        return Term(rationals=1)

    def _describe_matrix(self, matrix: Matrix) -> None:
        """Describe a matrix's entries, without a factor that all of them have: it may stand behind a scalar."""
        entries = [entry for row in matrix.rows for entry in row]
        first = entries[0]
        scalar = (
            first.parts[0] if isinstance(first, Apply) and first.head == "*" and not is_sign(first.parts[0]) else None
        )
        shared = all(isinstance(e, Apply) and e.head == "*" and e.parts[0] == scalar for e in entries)
        if scalar is not None and shared:
            self.describe(scalar)
            entries = [
                Apply("*", e.parts[1:]) if len(e.parts) > 2 else e.parts[1] for e in entries if isinstance(e, Apply)
            ]
        for entry in entries:
            self.describe(entry)


def _read_rational(tree: Tree) -> Fraction | None:
    """Return an exponent or radicand that is a rational number as it stands."""
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Apply) and tree.head == "*" and len(tree.parts) == 2 and is_sign(tree.parts[0]):
        value = _read_rational(tree.parts[1])
        return None if value is None else -value
    if isinstance(tree, Apply) and tree.head == "/" and all(map(_is_integer, tree.parts)):
        top, bottom = (part.value for part in tree.parts if isinstance(part, Number))
        return top / bottom if bottom else None
    return None
