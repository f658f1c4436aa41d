"""Graded answers as they stand in results.jsonl: all that metrics, reports and a second grading need."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from revisual.client.journal import FAILED
from revisual.core.errors import UserError
from revisual.core.files import replaced_file

FieldValue = str | int | float | bool | Sequence[str] | None
"""What a metric groups by: a version, a level, skills."""

TRUNCATED = "length"
"""The finish reason of an answer that was cut at the limit of tokens."""


@dataclass(frozen=True)
class ScoredAnswer:
    r"""One answer to one question of a benchmark, and how it was graded.

    Example: `ScoredAnswer("aime24", "60", 0, "It is \\boxed{7}.", "stop", "7", "boxed/number", 1.0, gold="7")`
    """

    benchmark: str
    item_id: str
    sample_index: int
    """Which of the n answers to the question this is, from 0."""
    response: str
    """Thoughts included; empty where the request failed."""
    finish_reason: str
    """"stop", "length" (cut at the limit), "failed" (no answer), or what else a server says."""
    extracted: str
    rule: str
    """As in `Grade`; "judge" where a language model decided."""
    score: float
    """By the project's rules, 1 or 0; 0 and without meaning where `error` is set."""
    error: str | None = None
    """Why there is no verdict, which is never the same as a wrong answer."""
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    """What the benchmark's metrics group by."""
    gold: str = ""
    official_score: float | None = None
    """By the benchmark's own rules, where they need no judge; None where they cannot say."""
    question: str = ""
    choices: Sequence[str] | None = None
    tokens: int | None = None
    """Length of the answer in tokens, if known."""
    judged: float | None = None
    """What a language model says, if one was asked, 1 or 0; counts where the rules reach no verdict."""
    unmet: Sequence[str] = ()
    """The requirements that an answer of the right value does not meet, as in `Grade`."""

    @property
    def is_failed(self) -> bool:
        """The request got no answer."""
        return self.finish_reason == FAILED

    @property
    def is_truncated(self) -> bool:
        """The answer was cut at the limit of tokens."""
        return self.finish_reason == TRUNCATED

    @property
    def truncated(self) -> bool | None:
        """Whether the answer was cut at the limit of tokens; None where the server did not say."""
        return {TRUNCATED: True, "stop": False}.get(self.finish_reason)

    @property
    def is_decided(self) -> bool:
        """There is an answer and a verdict on it."""
        return self.error is None and not self.is_failed

    def line(self) -> str:
        """Return one line of results.jsonl, without its end."""
        return json.dumps(asdict(self), ensure_ascii=False)


_NAMES = {one.name for one in fields(ScoredAnswer)}
_TEXTS = ("benchmark", "item_id", "response", "finish_reason", "extracted", "rule")
_TYPES = dict.fromkeys(_TEXTS, str) | {"sample_index": int, "score": float}
"""What every line has; a whole number stands for a float too."""


def answer_from_line(line: str | bytes) -> ScoredAnswer:
    """Return the answer that `ScoredAnswer.line` wrote.

    Raises:
        UserError: it is none; the message does not name the place.
    """
    try:
        values: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise UserError("is not an answer: no JSON object")
    for name, kind in _TYPES.items():
        value = values.get(name)
        if not isinstance(value, kind) and not (kind is float and type(value) is int):
            raise UserError(f"is not an answer: {name} is {value!r:.60}")
    for name, kind in (("fields", dict), ("gold", str), ("question", str)):
        if not isinstance(values.get(name, kind()), kind):
            raise UserError(f"is not an answer: {name} is {values[name]!r:.60}")
    if not isinstance(values.get("unmet", []), list):
        raise UserError(f"is not an answer: unmet is {values['unmet']!r:.60}")
    unknown = sorted(values.keys() - _NAMES)
    if unknown:
        raise UserError(f"has a field {unknown[0]!r}, which an answer does not have")
    return ScoredAnswer(**values | {"unmet": tuple(values.get("unmet", ()))})


def write_answers(path: Path, answers: Iterable[ScoredAnswer]) -> None:
    """Write results.jsonl, whole or not at all."""
    with replaced_file(path) as file:
        file.writelines(f"{answer.line()}\n" for answer in answers)


def read_answers(path: Path) -> Iterator[ScoredAnswer]:
    """Yield the answers of a results.jsonl, in order.

    Raises:
        UserError: the file is missing or a line is no answer; names the line.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield answer_from_line(line)
                except UserError as error:
                    raise UserError(f"{path}, line {number}: {error}") from error.__cause__
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
