"""Responses cut into sentences, for rewards that count them."""

import re

_END = re.compile(r"(?<=[.!?])\s|\n")


def sentences(text: str) -> list[str]:
    r"""Split a text at full stops, exclamation and question marks before a blank, and at line breaks.

    Lower case, blanks as single spaces, empty ones left out; linear in the text's length.

    Example: `sentences("Wait.  It is 3.5!\nYes") == ["wait.", "it is 3.5!", "yes"]`
    """
    return [" ".join(part.split()) for part in _END.split(text.lower()) if part.strip()]
