"""Turns of a conversation: what is asked, and what the assistant says."""

from collections.abc import Mapping, Sequence
from typing import Any

Turn = Mapping[str, Any]


def asked_turns(messages: Sequence[Turn]) -> list[dict[str, Any]]:
    """Return a conversation without the assistant's turns at its end: what is to be answered."""
    turns = [dict(turn) for turn in messages]
    while turns and turns[-1]["role"] == "assistant":
        turns.pop()
    return turns


def reply_text(messages: Sequence[Turn]) -> str | None:
    """Return what the assistant says in the last turn; none where somebody else has it.

    Example: `reply_text([{"role": "user", "content": "6 * 7?"}, {"role": "assistant", "content": "42"}]) == "42"`
    """
    return text_of(messages[-1]) if messages and messages[-1]["role"] == "assistant" else None


def parts_of(turn: Turn) -> list[Turn]:
    """Return a turn's content as parts, whichever way it is written."""
    content = turn.get("content")
    if isinstance(content, str) or content is None:
        return [{"type": "text", "text": content or ""}]
    return list(content)


def text_of(turn: Turn) -> str:
    """Return what a turn says, without its pictures."""
    return "".join(str(part.get("text") or "") for part in parts_of(turn))


def count_pictures(messages: Sequence[Turn]) -> int:
    """Return the number of places for pictures in turns."""
    return sum(part.get("type") == "image" for turn in messages for part in parts_of(turn))
