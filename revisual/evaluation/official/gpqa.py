"""GPQA: gpqa_eval.py and common.py of openai/simple-evals at ee3b031."""

import re
from collections.abc import Sequence

from revisual.data.choices import letter

_INSTRUCTION = (
    "Answer the following multiple choice question. The last line of your response should be of the following format: "
    "'Answer: $LETTER' (without quotes) where LETTER is one of ABCD. Think step by step before answering."
)
_ANSWER = re.compile(r"(?i)Answer[ \t]*:[ \t]*\$?([A-D])\$?")


def find_choice(response: str) -> str | None:
    """Return the letter behind the first "Answer:", of any case; it is compared as it stands, so that "b" is wrong.

    Example: `find_choice("Hence: Answer: $B$") == "B"` and `find_choice("I choose B.") is None`
    Example: `find_choice("Answer: Both") == "B"`: a fault of the rule
    """
    match = _ANSWER.search(response)
    return match[1] if match else None


def prompt(question: str, options: Sequence[str]) -> str:
    """Return the prompt, with options as "A) text", a line each."""
    lines = "\n".join(f"{letter(index)}) {text}" for index, text in enumerate(options))
    return f"{_INSTRUCTION}\n\n{question}\n\n{lines}"
