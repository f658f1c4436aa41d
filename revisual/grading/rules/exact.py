"""The exact value of a formula, where it is a rational number that is cheap to compute."""

import math
from fractions import Fraction

from revisual.grading.rules.fields import Field, Undefined, Unsupported, sample_value
from revisual.grading.rules.tree import CONSTANTS

MAX_BITS = 100_000
"""Of a number on the way: more, and the value counts as not exact."""
MAX_FACTORIAL = 2_000


def count_bits(value: Fraction) -> int:
    """Return the bits of a fraction's numerator and denominator together."""
    return value.numerator.bit_length() + value.denominator.bit_length()


def _take_root(value: Fraction, degree: int) -> Fraction:
    if value < 0:
        if degree % 2 == 0:
            raise Unsupported("an even root of a negative number")
        return -_take_root(-value, degree)
    parts = [_take_integer_root(part, degree) for part in (value.numerator, value.denominator)]
    return Fraction(parts[0], parts[1])


def _take_integer_root(value: int, degree: int) -> int:
    if value.bit_length() > 4_000 or degree > 64:
        raise Unsupported("a large root")
    if degree == 2:
        root = math.isqrt(value)
    else:
        low, high = 0, 1 << (value.bit_length() // degree + 1)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if middle**degree <= value else (low, middle - 1)
        root = low
    if root**degree != value:
        raise Unsupported("an irrational root")
    return root


class ExactField(Field[Fraction]):
    """Rational arithmetic; raises `Unsupported` at the first thing that is not rational.

    Args:
        point: where variables are evaluated.
        plain_units: whether units count as 1.
        with_variables: whether variables take their values at the point; else they are not rational.
    """

    def __init__(self, point: int = 0, plain_units: bool = False, with_variables: bool = False) -> None:
        super().__init__(point, plain_units)
        self.with_variables = with_variables

    def number(self, value: Fraction) -> Fraction:
        """Return the number itself."""
        return value

    def symbol(self, name: str) -> Fraction:
        """Return a variable at this field's point; constants are no rational numbers."""
        if not self.with_variables or name in CONSTANTS:
            raise Unsupported(name)
        return sample_value(name, self.point)

    def finite(self, value: Fraction) -> Fraction:
        """Return the value, if it is not too long."""
        if count_bits(value) > MAX_BITS:
            raise Unsupported("too many digits")
        return value

    def power(self, base: Fraction, exponent: Fraction) -> Fraction:
        """Return a whole power, or a rational root that is rational."""
        if exponent.denominator != 1:
            return self.power(_take_root(base, exponent.denominator), Fraction(exponent.numerator))
        if base == 0 and exponent <= 0:
            raise Undefined("0 to the power of 0")
        if base in (0, 1):
            return base
        if base == -1:
            return Fraction(-1 if exponent.numerator % 2 else 1)
        if count_bits(base) * abs(exponent) > MAX_BITS:
            raise Unsupported("a large power")
        return base**exponent.numerator

    def root(self, degree: Fraction, value: Fraction) -> Fraction:
        """Return a root that is rational."""
        if degree.denominator != 1 or degree < 1:
            raise Unsupported("an odd root")
        return _take_root(value, degree.numerator)

    def whole(self, value: Fraction, limit: int) -> int:
        """Return a value as a whole number up to a limit."""
        if value.denominator != 1 or not 0 <= value <= limit:
            raise Unsupported("not a small whole number")
        return value.numerator

    def function(self, name: str, parts: list[Fraction]) -> Fraction:
        """Return the functions of whole numbers."""
        if name == "abs":
            return abs(parts[0])
        if name == "!":
            return Fraction(math.factorial(self.whole(parts[0], MAX_FACTORIAL)))
        if name == "binom":
            return Fraction(math.comb(self.whole(parts[0], MAX_FACTORIAL), self.whole(parts[1], MAX_FACTORIAL)))
        if name in ("floor", "ceil"):
            return Fraction(math.floor(parts[0]) if name == "floor" else math.ceil(parts[0]))
        if name in ("max", "min"):
            return max(parts) if name == "max" else min(parts)
        if name == "mod" and parts[1] != 0:
            return parts[0] % parts[1]
        if name in ("gcd", "lcm"):
            whole = [self.whole(part, 10**30) for part in parts]
            return Fraction(math.gcd(*whole) if name == "gcd" else math.lcm(*whole))
        raise Unsupported(name)
