"""Numbers in words, in digits."""

from collections.abc import Sequence

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
UNITS = {word: value for value, word in enumerate(_SMALL)}
TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_WORDS = UNITS.keys() | TENS.keys() | SCALES.keys() | {"hundred"}
_STARTS = UNITS.keys() | TENS.keys()


def with_digits(tokens: Sequence[str]) -> list[str]:
    """Return the tokens with each number in words as one token of digits.

    Example: `with_digits("twenty five of one hundred and two".split()) == ["25", "of", "102"]`
    Example: `with_digits("three point one four".split()) == ["3.14"]`
    """
    if _WORDS.isdisjoint(tokens):
        return list(tokens)
    found: list[str] = []
    place = 0
    while place < len(tokens):
        if tokens[place] in _STARTS:
            text, place = _number(tokens, place)
            found.append(text)
        else:
            found.append(tokens[place])
            place += 1
    return found


def _number(tokens: Sequence[str], place: int) -> tuple[str, int]:
    """Return the number that begins at a place, and where it ends."""
    total = part = 0
    room = 1000
    """The next word must be smaller than this: after "twenty" comes one to nine, after "five" a scale or nothing."""
    while place < len(tokens):
        word = tokens[place]
        if word == "and" and room > 99 and part + total and _goes_on(tokens, place + 1):
            place += 1
            continue
        if word in UNITS and UNITS[word] < room:
            part, room = part + UNITS[word], 1
        elif word in TENS and room > 99:
            part, room = part + TENS[word], 10
        elif word == "hundred" and 0 < part < 100:
            part, room = part * 100, 100
        elif word in SCALES and part:
            total, part, room = total + part * SCALES[word], 0, 1000
        else:
            break
        place += 1
    whole = str(total + part)
    digits = _digits_after_point(tokens, place)
    return (f"{whole}.{digits}", place + 1 + len(digits)) if digits else (whole, place)


def _goes_on(tokens: Sequence[str], place: int) -> bool:
    """Return whether what follows "and" is the rest of a number: "and two", not the "and two hundred" of a list."""
    if _at(tokens, place) not in _STARTS:
        return False
    end = place + 1 + (_at(tokens, place) in TENS and _at(tokens, place + 1) in UNITS)
    return _at(tokens, end) != "hundred"


def _digits_after_point(tokens: Sequence[str], place: int) -> str:
    if _at(tokens, place) != "point":
        return ""
    digits = ""
    for word in tokens[place + 1 :]:
        if UNITS.get(word, 10) > 9:
            break
        digits += str(UNITS[word])
    return digits


def _at(tokens: Sequence[str], place: int) -> str:
    return tokens[place] if place < len(tokens) else ""
