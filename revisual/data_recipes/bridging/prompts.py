"""The words of each request: text files with places for what is known by then."""

import hashlib
import re
from dataclasses import dataclass, fields
from pathlib import Path

from revisual.core.errors import UserError

_FOLDER = Path(__file__).parent / "prompts"

REQUIRED = {
    "pseudo_cot": ("question",),
    "description": ("question", "pseudo_cot"),
    "reasoning": ("question", "description"),
    "rewriting": ("reasoning",),
}
"""The places that the prompt of each step must have: without them a model would not know what it is asked."""
_PLACE = re.compile(r"\{(question|pseudo_cot|description|reasoning)\}")


@dataclass(frozen=True)
class Prompt:
    """A step's prompt.

    Example: `Prompt("a.txt", "Look: {question}").fill({"question": "What is {x}?"}) == "Look: What is {x}?"`
    """

    path: str
    text: str
    """With `{question}`, and the steps before it by name, in braces; other braces are text."""

    @property
    def sha256(self) -> str:
        """Of the text, in hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def fill(self, values: dict[str, str]) -> str:
        """Return the text with its places filled; what is filled in is not looked at again."""
        return _PLACE.sub(lambda place: values.get(place[1], place[0]), self.text).strip()


@dataclass(frozen=True)
class PromptFiles:
    """Where the prompts are.

    Example: `PromptFiles(reasoning=Path("my_reasoning.txt")).read()["reasoning"]`

    Args:
        pseudo_cot: asks the vision-language model for a caption and a first attempt, by `{question}`.
        description: asks it for all that is visible and matters, by `{question}` and `{pseudo_cot}`.
        reasoning: asks the text reasoner, by `{question}` and `{description}`.
        rewriting: asks the text reasoner to let its `{reasoning}` speak of the picture, where rules alone do not
            manage; null drops such samples.
    """

    pseudo_cot: Path = _FOLDER / "pseudo_cot.txt"
    description: Path = _FOLDER / "description.txt"
    reasoning: Path = _FOLDER / "reasoning.txt"
    rewriting: Path | None = _FOLDER / "rewriting.txt"

    def read(self) -> dict[str, Prompt]:
        """Read the prompts, by step.

        Raises:
            UserError: a file cannot be read, or lacks a place.
        """
        paths = {one.name: getattr(self, one.name) for one in fields(self)}
        return {step: _read(step, path) for step, path in paths.items() if path is not None}


def _read(step: str, path: Path) -> Prompt:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UserError(f"prompts.{step}: {path}: {reason}") from error
    there = set(_PLACE.findall(text))
    missing = [name for name in REQUIRED[step] if name not in there]
    if missing:
        raise UserError(f"prompts.{step}: {path}: has no place {{{missing[0]}}}")
    return Prompt(str(path), text)
