"""Numbers in words: "twenty-one", "negative five", "two thirds", "five apples"."""

import re

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL = {
    **{name: value for value, name in enumerate(_UNITS)},
    **{name: 10 * value for value, name in enumerate(_TENS, start=2)},
}
_LARGE = {"thousand": 1_000, "million": 10**6, "billion": 10**9}
_PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "hundredth": 100,
}  # fmt: skip
_SEPARATOR = re.compile(r"[\s-]+")
_NO_NOUNS = frozenset({
    "or", "and", "of", "to", "more", "less", "than", "point", "over", "by", "times", "plus", "minus", "at", "in", "is",
    "not", "each", "if", "one", "way", "only", "divided",
})  # fmt: skip
MAX_WORDS = 12


def read_number_words(text: str) -> str | None:
    """Return the number that a text in words is, in digits and with the noun behind it; None if it is none.

    Example: `read_number_words("twenty-one") == "21"` and `read_number_words("two thirds") == "2/3"`
    Example: `read_number_words("five apples") == "5 apples"` and `read_number_words("east") is None`
    """
    words = _SEPARATOR.split(text.strip(" .").casefold())
    if not words or len(words) > MAX_WORDS:
        return None
    sign = "-" if words[0] in ("negative", "minus") else ""
    words = words[1:] if sign else words
    value, taken = _read_whole(words)
    if value is None:
        return None
    rest = words[taken:]
    if not rest:
        return f"{sign}{value}"
    part = _PARTS.get(rest[0], _PARTS.get(rest[0].removesuffix("s"), 2 if rest[0] == "halves" else None))
    if part is not None and len(rest) == 1:
        return f"{sign}{value}/{part}"
    if len(rest) == 1 and rest[0].isalpha() and rest[0] not in _NO_NOUNS:
        return f"{sign}{value} {rest[0]}"
    return None


def _read_whole(words: list[str]) -> tuple[int | None, int]:
    """Return the whole number at the beginning of some words, and how many words it takes."""
    total, group, taken = 0, None, 0
    last = 10**12
    for word in words:
        if word in _SMALL:
            value = _SMALL[word]
            if group is not None and not _may_follow(group, value):
                break
            group = (group or 0) + value
        elif word == "hundred" and group is not None and 0 < group < 10:
            group *= 100
        elif word in _LARGE and group is not None and _LARGE[word] < last:
            total, last, group = total + group * _LARGE[word], _LARGE[word], None
        elif word == "and" and group is not None and group >= 100 and group % 100 == 0:
            pass
        else:
            break
        taken += 1
    if group is None and last == 10**12:
        return None, 0
    return total + (group or 0), taken


def _may_follow(group: int, value: int) -> bool:
    """Return whether a number below a hundred may go on after what was read: after hundreds, or a digit after tens."""
    return group > 0 and (group % 100 == 0 or (value < 10 and group % 10 == 0 and group % 100 >= 20 and value > 0))
