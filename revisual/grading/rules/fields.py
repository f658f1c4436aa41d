"""Evaluates a formula in a field of numbers: exactly, in floating point, or to many digits.

What an answer may cost is bounded here: each operation is refused where its operands are too large.
"""

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import Any, Generic, TypeVar
from zlib import crc32

from revisual.grading.rules.tree import Apply, Matrix, Number, Symbol, Tree, Unit
from revisual.grading.rules.units import DERIVED, to_base_unit

MAX_TERMS = 1_000
"""Of a sum or product."""
T = TypeVar("T", bound=Any)


class Unsupported(Exception):
    """A value that this field cannot hold or that would cost too much; another field may do it."""


class Undefined(Exception):
    """A formula without a value, such as 1/0."""


def sample_value(name: str, point: int) -> Fraction:
    """Return the value that a variable takes at a point, the same for the same name: negative at negative points.

    Example: `sample_value("x", 0) == sample_value("x", 0) != sample_value("x", 1)`
    """
    value = Fraction(crc32(f"{name}|{point}".encode()) % 9973 + 800, 4099)
    return -value if point < 0 else value


class Field(ABC, Generic[T]):
    """Numbers of one kind. Formulas are evaluated in it at one point, which gives the variables their values."""

    max_steps = 20_000
    """Operations of one evaluation."""

    def __init__(self, point: int = 0, plain_units: bool = False) -> None:
        self.point = point
        self.plain_units = plain_units
        """Whether units count as 1: then only the number before the unit is compared."""
        self.bound: dict[str, T] = {}
        self.steps = 0

    @abstractmethod
    def number(self, value: Fraction) -> T:
        """Return a rational number in this field."""

    @abstractmethod
    def symbol(self, name: str) -> T:
        """Return a constant or a variable in this field."""

    @abstractmethod
    def finite(self, value: T) -> T:
        """Return the value, if this field can go on with it; raise an error otherwise."""

    def add(self, terms: list[T]) -> T:
        """Return a sum of one or more terms."""
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    @abstractmethod
    def power(self, base: T, exponent: T) -> T:
        """Return a power."""

    @abstractmethod
    def root(self, degree: T, value: T) -> T:
        """Return a root; odd roots of negative numbers are real."""

    @abstractmethod
    def function(self, name: str, parts: list[T]) -> T:
        """Return a named function."""

    def whole(self, value: T, limit: int) -> int:
        """Return a value as a whole number up to a limit."""
        raise Unsupported("not a whole number")

    def value(self, tree: Tree) -> T:
        """Return the value of a formula at this field's point.

        Raises:
            Unsupported: this field cannot hold the value.
            Undefined: there is none.
        """
        self.steps += 1
        if self.steps > self.max_steps:
            raise Unsupported("too many operations")
        if isinstance(tree, Number):
            return self.finite(self.number(tree.value))
        if isinstance(tree, Symbol):
            return self.bound[tree.name] if tree.name in self.bound else self.symbol(tree.name)
        if isinstance(tree, Unit):
            return self._evaluate_unit(tree.name)
        if isinstance(tree, Matrix):
            raise Unsupported("a matrix is no number")
        if tree.head in ("sum", "prod"):
            return self._evaluate_series(tree)
        return self.finite(self._apply(tree.head, [self.value(part) for part in tree.parts]))

    def _apply(self, head: str, parts: list[T]) -> T:
        if head == "+":
            return self.add(parts)
        if head in ("*", "of"):  # f(x): the product tells f(x) from g(x) and from f(y)
            product = parts[0]
            for part in parts[1:]:
                product = self.finite(product * part)
            return product
        if head == "/":
            if parts[1] == 0:
                raise Undefined("division by zero")
            return parts[0] / parts[1]
        if head == "^":
            return self.power(parts[0], parts[1])
        if head == "root":
            return self.root(parts[0], parts[1])
        return self.function(head, parts)

    def _evaluate_unit(self, name: str) -> T:
        if self.plain_units:
            return self.number(Fraction(1))
        if name == "degree":
            return self.symbol("pi") / self.number(Fraction(180))
        base, ratio = to_base_unit(name)
        scale, powers = DERIVED.get(base, (Fraction(1), {base: 1} if base else {}))
        value = ratio * scale
        for unit, power in powers.items():
            value *= sample_value(f"unit {unit}", abs(self.point)) ** power
        return self.number(value)

    def _evaluate_series(self, tree: Apply) -> T:
        variable, first, last, term = tree.parts
        assert isinstance(variable, Symbol)
        start, stop = self.whole(self.value(first), 10**9), self.whole(self.value(last), 10**9)
        if stop - start > MAX_TERMS:
            raise Unsupported("too many terms")
        total = self.number(Fraction(0 if tree.head == "sum" else 1))
        for index in range(start, stop + 1):
            self.bound[variable.name] = self.number(Fraction(index))
            value = self.value(term)
            total = self.finite(total + value if tree.head == "sum" else total * value)
        self.bound.pop(variable.name, None)
        return total
