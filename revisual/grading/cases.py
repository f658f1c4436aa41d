"""Responses and their gold answers, one JSON object per line, for `revisual grade`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from revisual.core.errors import UserError
from revisual.data.sample import Sample


@dataclass(frozen=True)
class Case:
    """A line that can be graded.

    Example: `Case(line=1, fields={"response": "42", "answer": "42", "id": 7}, size=45)`
    """

    line: int
    """From 1."""
    fields: Mapping[str, Any]
    size: int
    """Bytes of the line."""

    @property
    def response(self) -> str:
        """The response to grade."""
        return self.fields["response"]

    @property
    def sample(self) -> Sample:
        """The question and its gold answer."""
        fields = self.fields
        question, choices = fields.get("question") or "", fields.get("choices")
        return Sample(id=str(self.line), question=question, answer=fields["answer"], choices=choices)

    @property
    def truncated(self) -> bool | None:
        """Whether the response was cut, by `truncated` or else `finish_reason`; None where neither says."""
        said = self.fields.get("truncated")
        return {"length": True, "stop": False}.get(self.fields.get("finish_reason") or "") if said is None else said


@dataclass(frozen=True)
class BrokenLine:
    """A line that cannot be graded, and why.

    Example: `BrokenLine(line=3, fault="no field 'answer'", size=20)`
    """

    line: int
    fault: str
    size: int


def read_cases(path: Path) -> Iterator[Case | BrokenLine]:
    """Yield a file's lines, one at a time and in their order; blank ones are passed over.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _parsed(line, number)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error


def _parsed(line: bytes, number: int) -> Case | BrokenLine:
    try:
        fields = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        return BrokenLine(number, "not UTF-8", len(line))
    except json.JSONDecodeError as error:
        return BrokenLine(number, f"no JSON: {error.msg} at column {error.colno}", len(line))
    except (ValueError, RecursionError):  # an integer of thousands of digits, or brackets thousands deep
        return BrokenLine(number, "no JSON that could be read", len(line))
    fault = _fault(fields)
    return Case(number, fields, len(line)) if fault is None else BrokenLine(number, fault, len(line))


def _fault(fields: Any) -> str | None:
    if not isinstance(fields, dict):
        return f"expected an object, got {type(fields).__name__}"
    for name in ("response", "answer"):
        if name not in fields:
            return f"no field '{name}'"
        if not isinstance(fields[name], str):
            return f"field '{name}': expected text, got {type(fields[name]).__name__}"
    if not isinstance(fields.get("question"), str | None):
        return f"field 'question': expected text, got {type(fields['question']).__name__}"
    if not isinstance(fields.get("truncated"), bool | None):
        return f"field 'truncated': expected true or false, got {type(fields['truncated']).__name__}"
    if not isinstance(fields.get("finish_reason"), str | None):
        return f"field 'finish_reason': expected text, got {type(fields['finish_reason']).__name__}"
    choices = fields.get("choices")
    if choices is not None and not (isinstance(choices, list) and all(isinstance(one, str) for one in choices)):
        return "field 'choices': expected a list of texts"
    return None
