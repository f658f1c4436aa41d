"""The words and the numbers inside formulas."""

from fractions import Fraction

from revisual.grading.rules.lexer import split_number
from revisual.grading.rules.tree import Apply, Number, Symbol, Tree, Unit, Unreadable, integer
from revisual.grading.rules.units import is_known, normalize_unit

POWERS = {"square": 2, "cubic": 3}
"""Words that make a power of the unit behind them."""
_NO_UNITS = frozenset({"or", "and", "not", "no"})


def read_noun(word: str) -> Tree:
    """Return a unit, a noun in its place, or a lone letter.

    Example: `read_noun("metres") == Unit("m")` and `read_noun("goats") == Unit("goat")`
    Example: `read_noun("x") == Symbol("x")`

    Raises:
        Unreadable: a word that changes what the formula says, such as "not".
    """
    name = normalize_unit(word)
    if name in _NO_UNITS:
        raise Unreadable(f"{word!r} is no unit")
    if name == "pi" or (len(word) == 1 and word.isascii() and not is_known(word)):
        return Symbol(word)
    return Unit(name)


def raise_unit(word: str, unit: str) -> Tree:
    """Return the unit behind "square" or "cubic".

    Example: `raise_unit("square", "metres")` is m^2
    """
    return Apply("^", (read_noun(unit), integer(POWERS[normalize_unit(word)])))


def read_number(text: str) -> Number:
    """Return a number as it was written.

    Example: `read_number("3.14") == Number(Fraction(157, 50), places=2, digits=3)`
    """
    whole, rest = split_number(text)
    places = len(rest) or None
    digits = len((whole + rest).lstrip("0"))
    return Number(Fraction(int(whole + rest or "0"), 10 ** len(rest)), places, digits)
