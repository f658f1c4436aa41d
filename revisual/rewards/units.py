"""Units behind numbers. math-verify drops them, so that 5 cm would pass for 5 m."""

import re

_UNIT = re.compile(
    r"[0-9})] ?(mm|cm|dm|km|m|mg|kg|g|ml|l|ms|s|min|h|days?|hours?|minutes?|seconds?|weeks?|months?|years?"
    r"|inch(?:es)?|feet|foot|yards?|miles?|(?:milli|centi|kilo)?met(?:er|re)s?|(?:milli|kilo)?grams?"
    r"|cents?|dollars?|euros?|degrees?|units?)(?![A-Za-z])"
    r" ?(?:\\?\^ ?\{? ?([23]) ?\}?)? ?"
)
_SHORT = {
    "inches": "inch", "feet": "foot", "meter": "m", "metre": "m", "centimeter": "cm", "centimetre": "cm",
    "millimeter": "mm", "millimetre": "mm", "kilometer": "km", "kilometre": "km", "gram": "g", "kilogram": "kg",
    "milligram": "mg", "hour": "h", "minute": "min", "second": "s",
}  # fmt: skip


def _unit_match(text: str) -> re.Match[str] | None:
    last = None
    for match in _UNIT.finditer(text):
        last = match
    return last if last is not None and last.end() == len(text) else None


def unit(text: str) -> tuple[str, str] | None:
    """The unit at the end of an answer, and its power; None without a unit that is known.

    Example: `unit("12 cm^2") == ("cm", "2")` and `unit("5 metres") == ("m", "1")`
    """
    match = _unit_match(text)
    if match is None:
        return None
    name = match[1]
    singular = name if name in _SHORT or len(name) < 3 else name.removesuffix("s")
    return _SHORT.get(singular, singular), match[2] or "1"


def without_unit(text: str) -> str:
    """An answer without the unit at its end.

    Example: `without_unit("18 dollars") == "18"`
    """
    match = _unit_match(text)
    return text if match is None else text[: match.start(1)].rstrip()


def units_differ(a: str, b: str) -> bool:
    """Whether both answers carry a unit, and not the same. Units are not converted.

    Example: `units_differ("5 cm", "5 m") and not units_differ("5 cm", "5")`
    """
    unit_a, unit_b = unit(a), unit(b)
    return unit_a is not None and unit_b is not None and unit_a != unit_b
