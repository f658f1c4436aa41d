"""Cuts a cleaned answer into tokens."""

import re
from dataclasses import dataclass

from revisual.grading.rules.tree import Unreadable
from revisual.grading.rules.vocabulary import COMMANDS

MAX_TOKENS = 30_000
MAX_DIGITS = 1_000
"""Of one number: turning digits into an integer takes quadratic time."""

# Thousands by comma (also the Indian way), by blank, by apostrophe and by point; then plain decimals.
NUMBER = (
    r"(?<![\d,({\[])(?:[1-9]\d{0,2}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])(?:\.\d+)?)|\d{1,3}(?:'\d{3})+(?!\d)(?:\.\d+)?"
    r"|\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}(?![\d.])"
    r"|\d+\.(?:\d+)?|\.\d+|\d+"
)
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<number>{NUMBER})|(?P<command>\\[A-Za-z]+|\\.)|(?P<word>[A-Za-z]+|[^\W\d_]+)|(?P<mark>.)",
    re.DOTALL,
)
_WORDS = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?|[^\s\w]")
_TEXT_COMMANDS = frozenset({r"\text", r"\mathrm", r"\unit"})


@dataclass(frozen=True, slots=True)
class Token:
    r"""A piece of an answer.

    Example: `Token("command", r"\frac", spaced=False)`
    """

    kind: str
    """number, command, word, text (a word inside a text command), or mark (a single character)."""
    text: str
    spaced: bool
    """Whether a blank stands before it."""


def _measure_command(command: str) -> int:
    r"""Return how many characters of a run-together command are its command: 3 of `\pir`."""
    for size in range(min(len(command), 14), 1, -1):
        if command[1:size] in COMMANDS:
            return size
    return len(command)


def _tokenize_command(command: str, spaced: bool) -> list[Token]:
    r"""Return a command, and the letters that were glued to it (`\pir` is `\pi r`)."""
    if len(command) < 3 or command[1:] in COMMANDS:
        return [Token("command", command, spaced)]
    size = _measure_command(command)
    tokens = [Token("command", command[:size], spaced)]
    if command[size:]:
        tokens.append(Token("word", command[size:], False))
    return tokens


def _tokenize_text(content: str) -> list[Token]:
    """Return the words inside a text command."""
    tokens = []
    for found in _WORDS.finditer(content):
        kind = "number" if found[0][0].isdigit() else "text" if found[0][0].isalpha() else "mark"
        tokens.append(Token(kind, found[0], True))
    return tokens


def split_number(text: str) -> tuple[str, str]:
    """Return the digits before and after the decimal point of a number in any convention of thousands.

    Example: `split_number("1,234.5") == split_number("1.234,5") == split_number("1 234,5") == ("1234", "5")`
    """
    point = "," if re.search(r"(?:\.\d{3}|\d \d{3}),\d+$", text) else "."
    if text.count(".") > 1 and point == ".":
        point = "none"
    whole, _, rest = text.partition(point)
    return re.sub(r"[^\d]", "", whole), rest


def tokenize(text: str) -> list[Token]:
    r"""Return the tokens of an answer that `clean` spelled.

    Example: `[token.text for token in tokenize(r"\frac12 cm")] == ["\\frac", "12", "cm"]`

    Raises:
        Unreadable: too many tokens, or a number of too many digits.
    """
    found: list[Token] = []
    spaced = False
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # pragma: no cover - the last alternative takes any character
            break
        position = match.end()
        kind = match.lastgroup or "mark"
        if kind == "space":
            spaced = True
            continue
        if kind == "number" and len(match[0]) > MAX_DIGITS:
            raise Unreadable("a number of too many digits")
        if kind == "command" and match[0] in _TEXT_COMMANDS:
            closing = _find_argument(text, position)
            if closing is not None:
                found.extend(_tokenize_text(text[closing[0] : closing[1]]))
                position = closing[1] + 1
            continue
        if kind == "command":
            found.extend(_tokenize_command(match[0], spaced))
        else:
            found.append(Token(kind, match[0], spaced))
        spaced = False
        if len(found) > MAX_TOKENS:
            raise Unreadable("too many tokens")
    return found


def _find_argument(text: str, position: int) -> tuple[int, int] | None:
    """Return where the braced argument from `position` begins and ends; flat, as text commands are."""
    opening = re.compile(r"\s*\{").match(text, position)
    if opening is None:
        return None
    end = text.find("}", opening.end())
    return None if end < 0 else (opening.end(), end)
