"""Texts made safe, and short enough, to show."""

import re
from collections.abc import Collection

UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What could move the cursor, color the terminal or turn its text around."""


def printable(text: str) -> str:
    r"""Return `text` without what a terminal would obey.

    Example: `printable("a\x1b[31mb") == "a\ufffd[31mb"`
    """
    return UNPRINTABLE.sub("\ufffd", text)


def shorten(text: str, most: int) -> str:
    """Return `text`, cut to `most` characters.

    Example: `shorten("abcdefgh", 6) == "abc..."`
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."


def shorten_names(names: Collection[str], most: int = 3) -> str:
    """Return the first few names, and how many more there are.

    Example: `shorten_names("abcde") == "a, b, c and 2 more"`
    """
    others = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(list(names)[:most]) + others


def has_surrogate(text: str) -> bool:
    r"""Return whether a text holds half a surrogate pair, which no tokenizer and no file in UTF-8 takes.

    Example: `has_surrogate("\ud800")`
    """
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
