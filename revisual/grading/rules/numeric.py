"""Formulas in complex numbers: in floating point, which refutes quickly, and to many digits, which confirms."""

import cmath
import math
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from revisual.grading.rules.fields import Field, Undefined, Unsupported, sample_value

if TYPE_CHECKING:
    from mpmath.ctx_mp import MPContext

DIGITS = 60
MORE_DIGITS = 150
"""Where `DIGITS` leave open whether a difference is a rounding error."""
CANCELED = 1e-7
"""What is left of a sum's largest term where floating point has nothing more to say."""
MAX_MAGNITUDE = 100_000
"""Bits of the largest number to many digits."""
_IMAGINARY = frozenset({"i"})


def _find_odd_denominator(exponent: complex) -> int | None:
    """Return the odd denominator of an exponent whose root of a negative number is real: 3 for one third."""
    if abs(exponent.imag) > 0 or abs(exponent.real) > 1e6:
        return None
    close = Fraction(exponent.real).limit_denominator(99)
    return close.denominator if close.denominator % 2 and abs(close - Fraction(exponent.real)) < 1e-12 else None


class FloatField(Field[complex]):
    """Complex floating point."""

    def number(self, value: Fraction) -> complex:
        """Return the nearest floating-point number."""
        try:
            return complex(float(value))
        except OverflowError:
            raise Unsupported("too large for floating point") from None

    def symbol(self, name: str) -> complex:
        """Return a constant, or a variable at this point."""
        if name in ("pi", "e"):
            return complex(math.pi if name == "pi" else math.e)
        if name in _IMAGINARY:
            return 1j
        if name == "infinity":
            raise Undefined(name)
        return self.number(sample_value(name, self.point))

    def finite(self, value: complex) -> complex:
        """Return the value, unless it ran out of range."""
        if not (math.isfinite(value.real) and math.isfinite(value.imag)):
            raise Unsupported("out of range")
        return value

    def whole(self, value: complex, limit: int) -> int:
        """Return a value as a whole number up to a limit."""
        nearest = round(value.real)
        if abs(value - nearest) > 1e-9 or not 0 <= nearest <= limit:
            raise Unsupported("not a small whole number")
        return nearest

    def add(self, terms: list[complex]) -> complex:
        """Return the sum, unless its terms cancel: then what is left of them may be a rounding error."""
        total = sum(terms)
        if abs(total) < CANCELED * max(map(abs, terms)):
            raise Unsupported("terms cancel")
        return total

    def power(self, base: complex, exponent: complex) -> complex:
        """Return the principal power; the real one for an odd root of a negative number."""
        if base == 0 and exponent.real <= 0:
            raise Undefined("0 to the power of 0")
        try:
            odd = _find_odd_denominator(exponent) if base.imag == 0 and base.real < 0 else None
            if odd is not None and odd > 1:
                numerator = round(exponent.real * odd)
                return complex((-1 if numerator % 2 else 1) * (-base.real) ** exponent.real)
            return base**exponent
        except (OverflowError, ZeroDivisionError):
            raise Unsupported("out of range") from None

    def root(self, degree: complex, value: complex) -> complex:
        """Return the real root where there is one, else the principal root."""
        if degree == 0:
            raise Undefined("the root of degree 0")
        return cmath.sqrt(value) if degree == 2 else self.power(value, 1 / degree) if value else value

    def function(self, name: str, parts: list[complex]) -> complex:
        """Return a named function."""
        try:
            return _apply_float_function(name, parts, self)
        except (ValueError, OverflowError, ZeroDivisionError):
            raise Unsupported(name) from None


def _take_logarithm(name: str, parts: list[Any], log: Any) -> Any:
    if parts[0] == 0:
        raise Undefined("the logarithm of 0")
    if len(parts) > 1:
        return log(parts[0]) / log(parts[1])
    return log(parts[0]) / log(10) if name in ("lg", "log") else log(parts[0])


_RECIPROCAL = {"cot": "tan", "sec": "cos", "csc": "sin"}
_INVERSE = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}


def _apply_float_function(name: str, parts: list[complex], field: FloatField) -> complex:
    value = parts[0]
    if name in ("ln", "log", "lg"):
        return _take_logarithm(name, parts, cmath.log)
    if name in _RECIPROCAL:
        return 1 / complex(getattr(cmath, _RECIPROCAL[name])(value))
    if name in _INVERSE:
        return complex(getattr(cmath, _INVERSE[name])(value))
    if name == "arccot":
        return cmath.atan(1 / value)
    if name in ("sin", "cos", "tan", "exp", "sinh", "cosh", "tanh"):
        return complex(getattr(cmath, name)(value))
    if name == "abs":
        return complex(abs(value))
    if name == "!" and value.imag == 0:
        return complex(math.gamma(value.real + 1))
    if name == "binom" and all(part.imag == 0 for part in parts):
        n, k = (part.real for part in parts)
        return complex(math.gamma(n + 1) / math.gamma(k + 1) / math.gamma(n - k + 1))
    if name in ("floor", "ceil") and value.imag == 0:
        return complex(math.floor(value.real) if name == "floor" else math.ceil(value.real))
    if name in ("max", "min"):
        chosen = (max if name == "max" else min)(part.real for part in parts)
        return complex(chosen)
    raise Unsupported(name)


@cache
def _make_context(digits: int) -> "MPContext":
    from mpmath.ctx_mp import MPContext

    context = MPContext()
    context.dps = digits
    return context


class PreciseField(Field[Any]):
    """Complex numbers of many digits, by mpmath, which is imported when the first one is needed."""

    max_steps = 4_000

    def __init__(self, point: int = 0, plain_units: bool = False, digits: int = DIGITS) -> None:
        super().__init__(point, plain_units)
        self.mp = _make_context(digits)

    def number(self, value: Fraction) -> Any:
        """Return the number to many digits."""
        return self.mp.mpc(self.mp.mpf(value.numerator) / value.denominator)

    def symbol(self, name: str) -> Any:
        """Return a constant, or a variable at this point."""
        if name in ("pi", "e"):
            return self.mp.mpc(self.mp.pi if name == "pi" else self.mp.e)
        if name in _IMAGINARY:
            return self.mp.mpc(0, 1)
        if name == "infinity":
            raise Undefined(name)
        return self.number(sample_value(name, self.point))

    def finite(self, value: Any) -> Any:
        """Return the value, unless it is out of range."""
        if not self.mp.isfinite(value):
            raise Undefined("no finite value")
        if value != 0 and abs(self.mp.mag(value)) > MAX_MAGNITUDE:
            raise Unsupported("too large")
        return value

    def whole(self, value: Any, limit: int) -> int:
        """Return a value as a whole number up to a limit."""
        nearest = int(self.mp.nint(value.real))
        if abs(value - nearest) > 1e-30 or not 0 <= nearest <= limit:
            raise Unsupported("not a small whole number")
        return nearest

    def power(self, base: Any, exponent: Any) -> Any:
        """Return the principal power; the real one for an odd root of a negative number."""
        if base == 0:
            if exponent.real <= 0:
                raise Undefined("0 to the power of 0")
            return base
        if abs(exponent) * (abs(self.mp.mag(base)) + 1) > MAX_MAGNITUDE:
            raise Unsupported("a large power")
        odd = _find_odd_denominator(complex(exponent)) if base.imag == 0 and base.real < 0 else None
        if odd is not None and odd > 1:
            numerator = round(float(exponent.real) * odd)
            return (-1 if numerator % 2 else 1) * (-base) ** exponent
        if exponent.imag == 0 and self.mp.isint(exponent.real):
            return base ** int(exponent.real)
        return base**exponent

    def root(self, degree: Any, value: Any) -> Any:
        """Return the real root where there is one, else the principal root."""
        if degree == 0:
            raise Undefined("the root of degree 0")
        if degree == 2:
            return self.mp.sqrt(value)
        return self.power(value, 1 / degree) if value != 0 else value

    def function(self, name: str, parts: list[Any]) -> Any:
        """Return a named function."""
        if max(abs(self.mp.mag(part)) if part != 0 else 0 for part in parts) > 400:
            raise Unsupported("a large argument")
        try:
            return self._function(name, parts)
        except (ValueError, OverflowError, ZeroDivisionError):
            raise Undefined(name) from None

    def _function(self, name: str, parts: list[Any]) -> Any:
        value = parts[0]
        if name in ("ln", "log", "lg"):
            return _take_logarithm(name, parts, self.mp.log)
        if name in _INVERSE:
            return self.mp.mpc(getattr(self.mp, _INVERSE[name])(value))
        if name == "arccot":
            return self.mp.atan(1 / value)
        if name == "exp" and abs(value) > 50_000:
            raise Unsupported("a large power")
        if name in ("sin", "cos", "tan", "exp", "sinh", "cosh", "tanh", *_RECIPROCAL):
            return self.mp.mpc(getattr(self.mp, name)(value))
        if name == "abs":
            return self.mp.mpc(abs(value))
        if name in ("!", "binom") and max(abs(part) for part in parts) < 10_000:
            return self.mp.mpc(self.mp.factorial(value) if name == "!" else self.mp.binomial(*parts))
        if name in ("floor", "ceil"):
            return self.mp.mpc(getattr(self.mp, name)(value.real))
        if name in ("max", "min"):
            return (max if name == "max" else min)(parts, key=lambda part: part.real)
        raise Unsupported(name)
