"""Integers, decimals, fractions and percentages as exact fractions, without symbolic work."""

import re
from fractions import Fraction

MAX_LENGTH = 400
"""Longer texts are no plain numbers here: turning digits into an integer takes quadratic time."""

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)"
_DECIMAL = re.compile(rf"({_DIGITS}?)(?:\.(\d*))?")
_FRACTION = re.compile(r"(?:(\d+) ?)?\\frac ?\{ ?([+-]?) ?(\d+) ?\} ?\{ ?(\d+) ?\}")
_SLASHED = re.compile(r"(?:(\d+) )?(\d+) ?/ ?(\d+)")
_SCIENTIFIC = re.compile(r"(\d+(?:\.\d+)?) ?(?:\\times|\\cdot|\*) ?10 ?\^ ?(?:\{ ?([+-]?\d{1,3}) ?\}|(\d))")
_PERCENT = re.compile(r" ?(?:\\?%|percent)")


def _ratio(whole: str | None, top: str, bottom: str) -> Fraction | None:
    return int(whole or 0) + Fraction(int(top), int(bottom)) if int(bottom) else None


def _magnitude(text: str) -> Fraction | None:
    match = _DECIMAL.fullmatch(text)
    if match and (match[1] or match[2]):
        digits = match[1].replace(",", "").replace(" ", "")
        return Fraction(f"{digits or '0'}.{match[2] or '0'}")
    match = _FRACTION.fullmatch(text)
    if match:
        ratio = None if match[1] and match[2] else _ratio(match[1], match[3], match[4])
        return -ratio if ratio is not None and match[2] == "-" else ratio
    match = _SLASHED.fullmatch(text)
    if match:
        return _ratio(match[1], match[2], match[3])
    match = _SCIENTIFIC.fullmatch(text)
    return Fraction(match[1]) * Fraction(10) ** int(match[2] or match[3]) if match else None


def plain_number(text: str) -> Fraction | None:
    r"""The exact value of a number that is written out; None for everything else. Takes what `to_latex` returns.

    Example: `plain_number("-1,234.50") == Fraction(-2469, 2)`
    Example: `plain_number(r"1\frac{4}{5}") == plain_number("1 4/5") == plain_number("180%") == Fraction(9, 5)`
    Example: `plain_number("1/0") is None and plain_number("2x") is None and plain_number("1,22") is None`
    """
    if len(text) > MAX_LENGTH:
        return None
    percent = next(iter(_PERCENT.finditer(text)), None)
    if percent and percent.end() == len(text):
        value = plain_number(text[: percent.start()])
        return None if value is None else value / 100
    sign = text[:1] if text[:1] in ("+", "-") else ""
    magnitude = _magnitude(text[len(sign) :].strip())
    return -magnitude if magnitude is not None and sign == "-" else magnitude


def is_percentage(text: str) -> bool:
    r"""Whether a text ends in a percent sign.

    Example: `is_percentage(r"25\%")`
    """
    return text.endswith(("%", "percent"))


def is_decimal(text: str) -> bool:
    """Whether a text holds a decimal point between or before digits.

    Example: `is_decimal("1.5") and not is_decimal("1/3")`
    """
    return re.search(r"\.\d", text) is not None
