"""Units of measure: their names, and what one of each is worth in base units."""

import re
from fractions import Fraction

_RATIOS: dict[str, tuple[str, int | str]] = {
    # length in metres
    "m": ("m", 1), "km": ("m", 1000), "dm": ("m", "1/10"), "cm": ("m", "1/100"), "mm": ("m", "1/1000"),
    "inch": ("m", "254/10000"),
    "foot": ("m", "3048/10000"), "yard": ("m", "9144/10000"),
    "mile": ("m", "1609344/1000"),
    # mass in kilograms
    "kg": ("kg", 1), "g": ("kg", "1/1000"), "mg": ("kg", "1/1000000"), "ton": ("kg", 1000),
    "pound": ("lb", 1), "ounce": ("lb", "1/16"),
    # time in seconds
    "s": ("s", 1), "min": ("s", 60), "h": ("s", 3600), "day": ("s", 86400), "week": ("s", 604800),
    "ms": ("s", "1/1000"),
    "month": ("month", 1), "year": ("month", 12),
    # volume in litres, money in its own currency, and others
    "l": ("l", 1), "ml": ("l", "1/1000"), "dollar": ("dollar", 1), "cent": ("dollar", "1/100"), "euro": ("euro", 1),
    "yuan": ("yuan", 1), "rupee": ("rupee", 1),
    "percent": ("", "1/100"), "n": ("n", 1), "j": ("j", 1), "kj": ("j", 1000), "w": ("w", 1), "kw": ("w", 1000),
    "hz": ("hz", 1), "v": ("v", 1), "pa": ("pa", 1), "kpa": ("pa", 1000), "celsius": ("celsius", 1),
    "fahrenheit": ("fahrenheit", 1), "kelvin": ("kelvin", 1), "radian": ("", 1), "unit": ("", 1),
    # energy, amount, electricity, area, and what counts or scales
    "kwh": ("j", 3600000), "cal": ("cal", 1), "kcal": ("cal", 1000), "mol": ("mol", 1), "atm": ("atm", 1),
    "mw": ("w", 1000000), "mj": ("j", 1000000), "kn": ("n", 1000), "ohm": ("ohm", 1), "ampere": ("ampere", 1),
    "coulomb": ("coulomb", 1), "farad": ("farad", 1), "tesla": ("tesla", 1), "khz": ("hz", 1000),
    "mhz": ("hz", 1000000), "kv": ("v", 1000), "gallon": ("gallon", 1), "acre": ("acre", 1),
    "hectare": ("hectare", 1), "nm": ("m", "1/1000000000"), "won": ("won", 1), "yen": ("yen", 1),
    "ruble": ("ruble", 1), "peso": ("peso", 1),
}  # fmt: skip
_SPELLINGS = {
    "meter": "m", "metre": "m", "kilometer": "km", "kilometre": "km", "decimeter": "dm", "decimetre": "dm",
    "centimeter": "cm", "centimetre": "cm", "millimeter": "mm", "millimetre": "mm", "in": "inch", "inches": "inch",
    "ft": "foot", "feet": "foot", "yd": "yard", "mi": "mile", "gram": "g", "kilogram": "kg", "milligram": "mg",
    "tonne": "ton", "lb": "pound", "oz": "ounce", "second": "s", "sec": "s", "minute": "min", "mins": "min",
    "hour": "h", "hr": "h", "hrs": "h", "yr": "year", "liter": "l", "litre": "l", "L": "l", "milliliter": "ml",
    "millilitre": "ml", "mL": "ml", "buck": "dollar", "usd": "dollar", "pct": "percent", "percentage": "percent",
    "pc": "percent",
    "%": "percent", "deg": "degree", "rad": "radian", "newton": "n", "joule": "j", "watt": "w", "hertz": "hz",
    "volt": "v", "rs": "rupee", "sq": "square", "cu": "cubic", "C": "celsius", "F": "fahrenheit", "rmb": "yuan",
    "mph": "mph", "kmh": "kmh", "centimes": "cent", "lbs": "pound", "N": "n", "J": "j", "W": "w", "V": "v",
    "A": "ampere", "K": "kelvin", "amp": "ampere", "mole": "mol", "calorie": "cal", "gal": "gallon", "rupees": "rupee",
    "kilowatt": "kw", "kilojoule": "kj", "Pascal": "pa", "pascal": "pa", "ohms": "ohm", "\u03a9": "ohm",
}  # fmt: skip
SHORT = frozenset({
    "mm", "cm", "dm", "km", "kg", "mg", "ml", "mL", "ms", "min", "hr", "hrs", "ft", "in", "yd", "mi", "lb", "oz",
    "inch", "cents", "sec", "rad", "deg", "pct", "kJ", "kW", "Hz", "kPa", "mph",
    "kWh", "mol", "lbs", "atm", "kcal", "cal", "MHz", "kHz", "kV", "kN", "MW", "MJ", "yen", "won",
})  # fmt: skip
"""Names of two or more letters that are units after a number even outside of text commands."""


NAMES = frozenset({
    *_RATIOS, *_SPELLINGS, "kW", "kJ", "Hz", "Pa", "kPa", "mL", "kWh", "meters", "metres", "kilometers", "kilometres",
    "centimeters", "centimetres", "millimeters", "grams", "kilograms", "liters", "litres", "seconds", "minutes",
    "hours", "days", "weeks", "months", "years", "miles", "yards", "pounds", "ounces", "dollars", "cents", "euros",
    "rupees", "gallons", "moles", "joules", "newtons", "watts", "volts", "units", "square", "acres", "tons",
}) - {"%", "sq", "cu", "square", "cubic", "", "percent"}  # fmt: skip
"""Units as they are written, for phrases of several of them."""


def normalize_unit(word: str) -> str:
    """Return the one name of a unit, or a noun in the singular where it is no unit that is known.

    Example: `normalize_unit("metres") == "m"` and `normalize_unit("Goats") == "goat"`
    """
    if word in _SPELLINGS:
        return _SPELLINGS[word]
    lower = word.casefold().rstrip(".")
    if lower in _SPELLINGS:
        return _SPELLINGS[lower]
    if lower in _RATIOS:
        return lower
    singular = lower[:-1] if len(lower) > 3 and lower.endswith("s") and not lower.endswith("ss") else lower
    return _SPELLINGS.get(singular, singular)


def is_known(word: str) -> bool:
    """Return whether a word is a unit of measure.

    Example: `is_known("minutes") and not is_known("goats")`
    """
    return normalize_unit(word) in _RATIOS or normalize_unit(word) == "degree"


DERIVED: dict[str, tuple[Fraction, dict[str, int]]] = {
    "l": (Fraction(1, 1000), {"m": 3}), "hectare": (Fraction(10_000), {"m": 2}), "hz": (Fraction(1), {"s": -1}),
    "n": (Fraction(1), {"kg": 1, "m": 1, "s": -2}), "pa": (Fraction(1), {"kg": 1, "m": -1, "s": -2}),
    "j": (Fraction(1), {"kg": 1, "m": 2, "s": -2}), "w": (Fraction(1), {"kg": 1, "m": 2, "s": -3}),
    "coulomb": (Fraction(1), {"ampere": 1, "s": 1}), "v": (Fraction(1), {"kg": 1, "m": 2, "s": -3, "ampere": -1}),
    "ohm": (Fraction(1), {"kg": 1, "m": 2, "s": -3, "ampere": -2}),
}  # fmt: skip
"""Units that are products of others: how many, and the powers of each."""


def to_base_unit(name: str) -> tuple[str, Fraction]:
    """Return the base unit of a unit and how many of it make one; an unknown unit is its own base.

    Example: `to_base_unit("cm") == ("m", Fraction(1, 100))` and `to_base_unit("goat") == ("goat", Fraction(1))`
    """
    base, ratio = _RATIOS.get(name, (name, 1))
    return base, Fraction(ratio)


ORDINAL_NOUN = re.compile(r"(?<=\d)(?:\^ ?)?\\(?:text|mathrm) ?\{ ?(?:st|nd|rd|th) (?=[A-Za-z])")
"""An ordinal that shares its text command with a noun: 15\\text{th day}."""
ORDINAL = re.compile(r"(?<=\d)(?:\^ ?)?(?:\{ ?)?(?:\\(?:text|mathrm) ?\{ ?)?(?:st|nd|rd|th)(?![A-Za-z])(?: ?\})*")
"""What makes an ordinal of a number: 12th, 12^{th}."""
