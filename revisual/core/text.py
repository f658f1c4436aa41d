"""Texts of foreign origin, made safe to show."""

import re

UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What could move the cursor, color the terminal or turn its text around."""


def printable(text: str) -> str:
    r"""Return `text` without what a terminal would obey.

    Example: `printable("a\x1b[31mb") == "a\ufffd[31mb"`
    """
    return UNPRINTABLE.sub("\ufffd", text)
