"""A key that a server sends back is taken out of what it said, in whatever spelling."""

import re
from collections.abc import Callable
from dataclasses import replace

from revisual.client.reply import Reply

HIDDEN = "***"


def make_scrubber(key: str) -> Callable[[str], str]:
    """Return a function that replaces a key in a text; without a key it changes nothing.

    It finds the key also where letters are escaped, as JSON, Python, URLs and HTML do it.

    Args:
        key: printable ASCII.
    """
    if not key:
        return lambda text: text
    pattern = re.compile("".join(map(_spellings, key)))
    return lambda text: pattern.sub(HIDDEN, text)


def scrub_reply(reply: Reply, scrub: Callable[[str], str]) -> Reply:
    """Return an answer without the key: of its decoded and joined text, and of all else that is kept."""
    return replace(reply, text=scrub(reply.text), finish_reason=scrub(reply.finish_reason))


def _spellings(letter: str) -> str:
    """Return a pattern for the ways to write a letter."""
    number = ord(letter)
    return (
        rf"(?:%(?:25)*(?i:{number:02x})|\\*{re.escape(letter)}|\\+(?:u00|U000000|x)(?i:{number:02x})"
        rf"|&#0*{number};|&#[xX]0*(?i:{number:x});)"
    )
