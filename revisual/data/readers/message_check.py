"""The shape of a conversation's turns, of which chat templates and encoders expect one."""

from collections.abc import Mapping, Sequence
from typing import Any

from revisual.core.errors import UserError
from revisual.core.text import has_surrogate

PICTURES = ("image", "image_url", "input_image")
TEXTS = ("text", "input_text", "output_text")


def check_messages(messages: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a turn whose content is neither text nor a list of texts and pictures.

    Raises:
        UserError: one is; names the turn, counted from 1.
    """
    for number, message in enumerate(messages, 1):
        try:
            if not message["role"].strip():
                raise UserError("has an empty role")
            _check_text(message["role"])
            _check_content(message.get("content"))
        except UserError as error:
            raise UserError(f"message {number} {error}") from None


def kind_of(part: Mapping[str, Any]) -> Any:
    """Return a part's type, which may be told by what it holds; None where nothing tells it."""
    return part.get("type") or ("text" if "text" in part else next((name for name in PICTURES if name in part), None))


def _check_content(content: Any) -> None:
    if content is None:
        return
    if isinstance(content, str):
        _check_text(content)
    elif isinstance(content, list | tuple):
        for part in content:
            _check_part(part)
    else:
        raise UserError(f"has content of type {type(content).__name__}, not text or a list of texts and pictures")


def _check_part(part: Any) -> None:
    if not isinstance(part, Mapping):
        raise UserError(f"has a part of type {type(part).__name__}, not an object with a type")
    kind = kind_of(part)
    if kind not in (*TEXTS, *PICTURES):
        raise UserError(f"has a part of the type {kind!r}, which is neither text nor image")
    if kind in TEXTS:
        if not isinstance(part.get("text"), str):
            raise UserError(f"has a part of the type {kind!r} without a text")
        _check_text(part["text"])


def _check_text(text: str) -> None:
    if has_surrogate(text):
        raise UserError("holds half a surrogate pair, which no tokenizer takes")
