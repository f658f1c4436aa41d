"""What a server sends back, whole or in pieces, and whether it is an answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_VALUES = 1_000_000
"""Lists, objects and their members in a response: a body of nothing else would take twenty times its size in memory."""
FAILED_ENDS = {
    "abort": "the server gave the answer up",
    "error": "the server failed within the answer",
    "content_filter": "the server's filter withheld the answer",
    "tool_calls": "the model called a tool in place of an answer",
    "function_call": "the model called a tool in place of an answer",
}
"""Reasons for an end that leaves no answer, whatever was said before."""


class BrokenReply(Exception):
    """What came back is no answer; another attempt may get one."""


@dataclass(frozen=True)
class Reply:
    """A model's answer.

    Example: `Reply("<think>6 * 7</think>42", "stop", prompt_tokens=12, completion_tokens=9)`
    """

    text: str
    """Thoughts that the server gives apart stand before the rest, in think tags."""
    finish_reason: str
    """"stop", "length", or what else the server says; empty where it says nothing."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    is_thought_alone: bool = field(default=False, compare=False)
    """There are thoughts that the server gives apart, and nothing after them."""

    @property
    def fault(self) -> str | None:
        """Why this is no answer, and is to be asked for again; None if it is one."""
        if self.finish_reason in FAILED_ENDS:
            return f"{FAILED_ENDS[self.finish_reason]} (finish_reason {self.finish_reason})"
        if self.is_thought_alone and self.finish_reason != "length":
            return "the answer has thoughts alone, and nothing after them"
        return None

    @property
    def tokens(self) -> int:
        """All that are paid for, as far as the server tells."""
        return (self.prompt_tokens or 0) + (self.completion_tokens or 0)


def read_reply(body: bytes) -> Reply:
    """Return the answer in a response's body.

    Raises:
        BrokenReply: it holds none.
    """
    data = _json_object(body)
    choice = _choice(data)
    if choice is None or not isinstance(choice.get("message"), dict):
        raise BrokenReply("no choice in the response")
    thoughts, text = _texts(choice["message"])
    return _reply(thoughts, text, choice.get("finish_reason"), data.get("usage"))


@dataclass
class StreamedReply:
    """An answer that comes in pieces.

    Lines such as `data: {"choices": [{"delta": {"content": "42"}}]}` are added one by one, up to `data: [DONE]`.
    """

    thoughts: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    finish_reason: Any = None
    usage: Any = None
    is_done: bool = False

    def add(self, line: bytes) -> None:
        """Take one line of the stream.

        Raises:
            BrokenReply: it is garbage, or an error.
        """
        if not line.startswith(b"data:"):  # an empty line, a comment, or another field of the event
            return
        content = line.removeprefix(b"data:").strip()
        if content == b"[DONE]":
            self.is_done = True
            return
        data = _json_object(content)
        self.usage = data.get("usage") or self.usage
        choice = _choice(data)
        if choice is None:
            return
        thoughts, text = _texts(choice.get("delta") or {})
        self.thoughts.append(thoughts)
        self.pieces.append(text)
        self.finish_reason = choice.get("finish_reason") or self.finish_reason

    def reply(self) -> Reply:
        """Return the whole answer.

        Raises:
            BrokenReply: the stream ended before the answer did.
        """
        if self.finish_reason is None:
            raise BrokenReply("the stream ended without a finish_reason" if self.is_done else "the stream broke off")
        return _reply("".join(self.thoughts), "".join(self.pieces), self.finish_reason, self.usage)


def _json_object(body: bytes) -> dict[str, Any]:
    if sum(map(body.count, (b"[", b"{", b","))) > MOST_VALUES:
        raise BrokenReply(f"the response has more than {MOST_VALUES:,} values")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BrokenReply(f"the response is no JSON: {body[:80]!r}") from error
    if not isinstance(data, dict):
        raise BrokenReply(f"the response is no JSON object: {body[:80]!r}")
    if data.get("error"):
        raise BrokenReply(f"the server reports: {str(data['error'])[:200]}")
    return data


def _choice(data: Mapping[str, Any]) -> dict[str, Any] | None:
    choices = data.get("choices")
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None


def _texts(message: Any) -> tuple[str, str]:
    """Return the thoughts, which servers with a reasoning parser give apart under one of two names, and the rest."""
    if not isinstance(message, dict):
        raise BrokenReply("the response's message is no object")
    texts = [message.get("reasoning_content") or message.get("reasoning") or "", message.get("content") or ""]
    if not all(isinstance(text, str) for text in texts):
        raise BrokenReply("the response's content is no text")
    return texts[0], texts[1]


def _reply(thoughts: str, text: str, finish_reason: Any, usage: Any) -> Reply:
    counts = usage if isinstance(usage, dict) else {}
    return Reply(
        text=_storable(f"<think>{thoughts}</think>{text}" if thoughts else text),
        is_thought_alone=bool(thoughts) and not text.strip(),
        finish_reason=finish_reason if isinstance(finish_reason, str) else "",
        prompt_tokens=_count(counts.get("prompt_tokens")),
        completion_tokens=_count(counts.get("completion_tokens")),
    )


def _storable(text: str) -> str:
    """Replace halves of surrogate pairs in `text`, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
