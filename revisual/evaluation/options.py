"""Options of multiple choice as benchmarks write them: lists, or in the question's text."""

import ast
import re
from collections.abc import Sequence

from revisual.core.errors import UserError
from revisual.data.choices import label, letter

_LINE = re.compile(r"^ *([A-H]) *[:.] *(.*)$", re.MULTILINE)
_INLINE = re.compile(r"\(([A-H])\)")
_SEMICOLONS = re.compile(r"(?:^|; *)(?=[A-H]\.)")


def options_of_lines(question: str) -> list[str]:
    r"""Return the options of a question that end it one per line; empty if there are none.

    Example: `options_of_lines("Which?\nChoices:\nA:40\nB:60") == ["A. 40", "B. 60"]`
    """
    found = _LINE.findall(question)
    return _in_order([mark for mark, _ in found], [text.strip() for _, text in found])


def options_inline(question: str) -> list[str]:
    """Return the options of a question that are marked (A), (B), ... in its text; empty if there are none.

    Example: `options_inline("Is it even? choice: (A) yes (B)no") == ["A. yes", "B. no"]`
    """
    parts = _INLINE.split(question)
    return _in_order(parts[1::2], [text.strip() for text in parts[2::2]])


def options_of_semicolons(text: str) -> list[str]:
    """Return the options of We-Math's one string.

    Example: `options_of_semicolons("A. 3, 4;B. 4; C. no") == ["A. 3, 4", "B. 4", "C. no"]`
    """
    parts = [part.strip().removesuffix(";").strip() for part in _SEMICOLONS.split(text.strip()) if part.strip()]
    return _in_order([part[0] for part in parts], [part[2:].strip() for part in parts])


def options_of_list(text: str) -> list[str]:
    """Return the options of MMMU's string, which is a Python list of texts. Nothing is evaluated.

    Example: `options_of_list("['12', '15']") == ["12", "15"]`

    Raises:
        UserError: the string is no list of texts.
    """
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(option, str) for option in found):
        raise UserError(f"options are no list of texts: {text[:80]!r}")
    return found


def _in_order(marks: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Return labeled options, if there are at least two, with text, and their letters go A, B, C, ...

    Example: `_in_order("AB", ["12", "15"]) == ["A. 12", "B. 15"] and _in_order("AC", ["12", "15"]) == []`
    """
    in_order = list(marks) == [letter(index) for index in range(len(marks))]
    return label(texts) if len(marks) > 1 and in_order and all(texts) else []
