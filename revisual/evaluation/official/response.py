"""What of a response the official rules are given."""

from collections.abc import Mapping
from typing import Any

from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.cleaning import ORIGINAL_GOLD


def visible(response: str) -> str:
    """Return the part behind the thoughts, all that official evaluators see; all of it without closed thoughts.

    Example: `visible("<think>6 * 7</think>42") == "42"`
    """
    return response.rpartition("</think>")[2]


def official_gold(answer: ScoredAnswer) -> str:
    """Return the gold answer as the benchmark has it."""
    return str(answer.fields.get(ORIGINAL_GOLD, answer.gold))


def text_field(fields: Mapping[str, Any], name: str) -> str:
    """Return a field as text; empty if it is absent."""
    value = fields.get(name)
    return "" if value is None else str(value)
