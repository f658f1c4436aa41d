"""Conversations as data sets have them: OpenAI's messages, ShareGPT's and LLaVA's turns, verl's prompts."""

from collections.abc import Mapping
from typing import Any

from revisual.core.errors import UserError
from revisual.data.picture_marks import MARK, place_between
from revisual.data.readers.message_check import TEXTS, kind_of

PLACEHOLDER = "<image>"
ROLES = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "bard": "assistant", "model": "assistant"}
ROLES |= {"observation": "tool", "function_response": "tool"}
"""What others call the chat template's roles."""


def read_conversation(value: Any) -> list[dict[str, Any]]:
    """Return turns with role and content, from OpenAI's or ShareGPT's keys.

    Example: `read_conversation([{"from": "human", "value": "6 * 7?"}]) == [{"role": "user", "content": "6 * 7?"}]`

    Raises:
        UserError: it is no list of turns.
    """
    if not isinstance(value, list | tuple):
        raise UserError(f"messages are of type {type(value).__name__}, not a list")
    return [_turn(each) for each in value]


def is_conversation(value: Any) -> bool:
    """Return whether a column's value is a list of turns and not a text."""
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, Mapping) for each in value)


def place_pictures(turns: list[dict[str, Any]], pictures: int) -> list[dict[str, Any]]:
    """Return turns with a place for each picture: where its `<image>` or `<image 1>` stands, else before the question.

    Args:
        turns: whose contents may hold places already.
        pictures: how many there are beside the conversation.

    Raises:
        UserError: there are more or fewer marks than pictures.
    """
    has_places = any(isinstance(turn.get("content"), list) and any(map(_is_place, turn["content"])) for turn in turns)
    marks = [number for turn in turns for text in _texts(turn) for number in MARK.findall(text)]
    if not turns or pictures == 0 or has_places:
        return turns
    if marks in ([""] * pictures, [str(number + 1) for number in range(pictures)]):
        return [turn | {"content": _split(turn["content"])} if _has_mark(turn) else turn for turn in turns]
    if "" in marks:
        raise UserError(f"messages have {len(marks)} {PLACEHOLDER} marks, and there are {pictures} pictures")
    first = next((place for place, turn in enumerate(turns) if turn["role"] == "user"), None)
    if first is None:
        raise UserError("messages have no user's turn that pictures could stand in")
    parts = [{"type": "image"}] * pictures + _as_parts(turns[first]["content"])
    return [turn | {"content": parts} if place == first else turn for place, turn in enumerate(turns)]


def take_pictures(turns: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return checked turns with bare places for pictures, and the pictures that stood in them.

    Example: from a part `{"type": "image_url", "image_url": {"url": "data:image/png;base64,..."}}` one picture.
    """
    found: list[Any] = []
    return [turn | {"content": _bare(turn["content"], found)} for turn in turns], found


def _turn(value: Any) -> dict[str, Any]:
    turn: Any = without_nulls(value)
    role = (turn.pop("role", None) or turn.pop("from", None)) if isinstance(turn, dict) else None
    if not isinstance(role, str):
        raise UserError("a message is not an object with a role")
    content = turn.pop("content", None)
    if content is None:
        content = turn.pop("value", "")
    if isinstance(content, list):
        content = [{"type": "text", "text": part} if isinstance(part, str) else part for part in content]
    return {"role": ROLES.get(role, role), "content": content, **turn}


def _bare(content: Any, found: list[Any]) -> Any:
    return content if isinstance(content, str) else [_bare_part(part, found) for part in content]


def _bare_part(part: Mapping[str, Any], found: list[Any]) -> Mapping[str, Any]:
    if kind_of(part) in TEXTS:
        return {"type": "text", "text": part["text"]}
    held = [part[name] for name in ("image", "image_url", "url", "path", "bytes", "base64", "data") if part.get(name)]
    if held:
        found.append(held[0].get("url", held[0]) if isinstance(held[0], Mapping) else held[0])
    return {"type": "image"}


def _split(content: Any) -> list[Any]:
    """Return content with a place where each mark stands."""
    made: list[Any] = []
    for part in _as_parts(content):
        made += place_between(MARK.split(part["text"])[::2])
    return made


def _as_parts(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _is_place(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "image"


def _has_mark(turn: Mapping[str, Any]) -> bool:
    return any(MARK.search(text) for text in _texts(turn))


def _texts(turn: Mapping[str, Any]) -> list[str]:
    return [str(part.get("text", "")) for part in _as_parts(turn.get("content") or "")]


def without_nulls(value: Any) -> Any:
    """Return a value without the keys that Parquet and Arrow fill in with null, as chat templates ask for a key."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in value]
    return value
