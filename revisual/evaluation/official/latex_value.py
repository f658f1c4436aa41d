r"""The value of an expression in LaTeX as a float, without a computer algebra system and without `eval`.

Numbers, + - * / : ^, \frac, \sqrt, \pi, products without a sign, parentheses, \sin and its like. Integers stay exact
up to a size, and what grows beyond a float is no value, so that nothing is costly.
"""

import math
import re
from collections.abc import Callable, Mapping

Number = int | float

_TOKEN = re.compile(r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+|\\[a-zA-Z]+|[-+*/:^(){}\[\]|]")
_SKIPPED = re.compile(r"\s+|\\[,;:! ]|\\(?:left|right|displaystyle)(?![a-zA-Z])|\$")
_SAME = {r"\cdot": "*", r"\times": "*", r"\div": "/", ":": "/", r"\dfrac": r"\frac", r"\tfrac": r"\frac"}
_FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    r"\sin": math.sin,
    r"\cos": math.cos,
    r"\tan": math.tan,
    r"\arcsin": math.asin,
    r"\arccos": math.acos,
    r"\arctan": math.atan,
    r"\ln": math.log,
    r"\exp": math.exp,
}
_CLOSING = {"(": ")", "{": "}", "[": "]", "|": "|"}
_MAX_LENGTH, _MAX_TOKENS = 1_000, 100
_MAX_BASE, _MAX_EXPONENT = 10_000, 5_000
"""Powers of integers are exact up to these, and floats beyond."""


def latex_value(text: str) -> float | None:
    r"""Return the value; None for what is no number or not understood.

    Example: `latex_value(r"\frac{1}{2}+\sqrt[3]{8}") == 2.5` and `latex_value("2(3)^2") == 18.0`
    Example: `latex_value("x + 1") is None` and `latex_value("9^{9^{9^9}}") is None`
    """
    tokens = _tokens(text.replace("π", r"\pi ")) if len(text) <= _MAX_LENGTH else None
    if not tokens or len(tokens) > _MAX_TOKENS:
        return None
    reader = _Reader(tokens)
    try:
        value = float(reader.sum())
    except (ArithmeticError, ValueError, IndexError, RecursionError):
        return None
    return value if reader.at_end and math.isfinite(value) else None


def _tokens(text: str) -> list[str] | None:
    found, position = [], 0
    while position < len(text):
        match = _SKIPPED.match(text, position) or _TOKEN.match(text, position)
        if match is None:
            return None
        if match.re is _TOKEN:
            found.append(_SAME.get(match[0], match[0]).replace(",", ""))
        position = match.end()
    return found


class _Reader:
    """A recursive descent over tokens. Raises ValueError or IndexError at what it does not understand."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._next = 0

    @property
    def at_end(self) -> bool:
        return self._tokens[self._next] == ""

    def sum(self) -> Number:
        value = self._product()
        while self._peek() in ("+", "-"):
            value = value + self._product() if self._take() == "+" else value - self._product()
        return value

    def _product(self) -> Number:
        value = self._parse_signed()
        while True:
            sign = self._peek()
            if sign in ("*", "/"):
                self._take()
                value = value * self._parse_signed() if sign == "*" else value / self._parse_signed()
            elif sign in ("(", "{", r"\frac", r"\sqrt", r"\pi", *_FUNCTIONS) or sign[:1].isdigit():
                value *= self._power()
            else:
                return value

    def _parse_signed(self) -> Number:
        if self._peek() in ("+", "-"):
            return self._parse_signed() if self._take() == "+" else -self._parse_signed()
        return self._power()

    def _power(self) -> Number:
        value = self._atom()
        if self._peek() != "^":
            return value
        self._take()
        return _raise_power(value, self._parse_signed())

    def _atom(self) -> Number:
        token = self._take()
        if token in _CLOSING:
            value = self.sum()
            self._expect(_CLOSING[token])
            return abs(value) if token == "|" else value
        if token == r"\frac":
            return self._group() / self._group()
        if token == r"\sqrt":
            degree = self._atom() if self._peek() == "[" else 2
            return math.pow(self._group(), 1 / degree)
        if token in _FUNCTIONS:
            return _FUNCTIONS[token](self._power())
        if token == r"\pi":
            return math.pi
        return int(token) if token.isdecimal() else float(token)

    def _group(self) -> Number:
        self._expect("{")
        value = self.sum()
        self._expect("}")
        return value

    def _peek(self) -> str:
        return self._tokens[self._next]

    def _take(self) -> str:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise ValueError(f"{token} is missing")


def _raise_power(base: Number, exponent: Number) -> Number:
    exact = isinstance(base, int) and isinstance(exponent, int) and 0 <= exponent <= _MAX_EXPONENT
    return base**exponent if exact and abs(base) <= _MAX_BASE else math.pow(base, exponent)
