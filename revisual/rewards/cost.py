"""Refuses, by a look at the text alone, answers whose symbolic evaluation could take very long or very much memory.

A time limit alone does not do: it cannot interrupt the arithmetic of huge integers.
"""

import re

MAX_DEPTH = 10
MAX_DIGITS = 40
MAX_EXPONENT = 10_000
MAX_SYMBOLIC_EXPONENT = 60
"""For a bracket with a variable in it, which may be multiplied out."""
MAX_COUNT = 1_000
"""For bounds of sums, binomials and the like; factorials get a tenth."""

_COUNTING = re.compile(r"\\(?:sum|prod|[dt]?binom|choose)(?![A-Za-z])")
_REFUSED = re.compile(r"\\(?:i*int|oint|lim|bigcup|bigcap)(?![A-Za-z])|(?:\)|\}|\]|!|[0-9]{3,}) ?!(?!=)")
_ROOT_INDEX = re.compile(r"\\sqrt ?\[[^\]]*(?:\d{3}|\^)")
_NUMERIC_POWER = re.compile(r"\d ?\^ ?\{? ?\d")
_INTEGER = re.compile(r"\d+")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_CLOSING = {")": "(", "]": "[", "}": "{"}


def _matching_brackets(text: str) -> tuple[dict[int, int], int]:
    """Where the partner of each bracket stands, and the greatest depth. Half-open intervals match too."""
    partners: dict[int, int] = {}
    opened: list[int] = []
    depth = 0
    for position, character in enumerate(text):
        if character in "([{":
            opened.append(position)
            depth = max(depth, len(opened))
        elif character in _CLOSING and opened:
            partner = opened.pop()
            partners[position], partners[partner] = partner, position
    return partners, depth


def _integers(text: str) -> list[int]:
    return [int(digits) for digits in _INTEGER.findall(text)]


def _power_is_costly(text: str, caret: int, partners: dict[int, int]) -> bool:
    """Whether the power at `caret` is a tower of numbers, has a huge exponent, or raises a power to a power."""
    after = re.compile(r"[ +-]*").match(text, caret + 1)
    start = after.end() if after else caret + 1
    if start < len(text) and text[start] in "({" and start in partners:
        end = partners[start] + 1
        exponent = text[start:end]
    else:
        number = re.compile(r"\d+|\\?[A-Za-z]+").match(text, start)
        end = number.end() if number else start
        exponent = text[start:end]
    symbolic = re.search(r"[A-Za-z]", _COMMAND.sub("", exponent)) is not None
    numbers = _integers(exponent)
    if max(numbers, default=0) > MAX_EXPONENT or (re.search(r"[\^!]", exponent) and not symbolic):
        return True
    if re.match(r" ?[)}]* ?\^", text[end:]) and numbers:
        return True
    base_end = len(text[:caret].rstrip()) - 1
    if base_end not in partners or text[base_end] not in _CLOSING:
        return False
    base = text[partners[base_end] : base_end]
    largest = max(numbers, default=1)
    if re.search(r"[A-Za-z]", _COMMAND.sub("", base)) and largest > MAX_SYMBOLIC_EXPONENT:
        return True
    return "^" in base and largest * max(_integers(base), default=1) > MAX_EXPONENT


def is_costly(text: str) -> bool:
    r"""Whether symbolic work on `text`, as `to_latex` returns it, could get out of hand.

    Example: `is_costly("9^9^9^9") and is_costly("((9!)!)!") and is_costly("1" * 100)`
    Example: `not is_costly(r"2011^{2009}\cdot(1005^{2011}-1004^{2011})")`
    """
    text = text.replace("**", "^")
    partners, depth = _matching_brackets(text)
    if depth > MAX_DEPTH or re.search(rf"\d{{{MAX_DIGITS + 1}}}", text):
        return True
    if _REFUSED.search(text) or _ROOT_INDEX.search(text):
        return True
    if _COUNTING.search(text) and (max(_integers(text), default=0) > MAX_COUNT or _NUMERIC_POWER.search(text)):
        return True
    return any(_power_is_costly(text, caret, partners) for caret, character in enumerate(text) if character == "^")
