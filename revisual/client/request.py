"""What is asked: a conversation, its pictures, and how the answer is drawn; and the key that an answer is found by."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from revisual.client.pictures import Pictures
from revisual.core.errors import UserError
from revisual.core.ranges import NonNegativeInt, PositiveFraction, PositiveInt, Temperature, check_ranges

Message = Mapping[str, Any]
"""As chat templates take it: `role` and `content`, a text or parts; a part `{"type": "image"}` is the next picture."""


@dataclass(frozen=True)
class Decoding:
    """How a server draws answers.

    Example: `Decoding(temperature=0.6, top_p=0.95, max_tokens=16384)`
    """

    temperature: Temperature = 0.0
    """0 takes the most probable token."""
    top_p: PositiveFraction = 1.0
    """The share of probability that is sampled from."""
    top_k: NonNegativeInt = 0
    """How many of the most probable tokens are drawn from; 0: all."""
    max_tokens: PositiveInt = 8192
    """Of one answer, thoughts included."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields for the server, e.g. `{"repetition_penalty": 1.05}`; None leaves a field out."""

    def __post_init__(self) -> None:
        check_ranges(self)

    def settings(self) -> dict[str, Any]:
        """Return the fields of a request's body, those to leave out as None."""
        top_k = {"top_k": self.top_k} if self.top_k else {}  # OpenAI's own servers refuse the name
        shared = {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens}
        return {**shared, **top_k, **self.extra}


@dataclass(frozen=True)
class ChatRequest:
    """One answer that is wanted.

    Example: `ChatRequest("aime24/60", [{"role": "user", "content": "What is 6 * 7?"}], seed=1)`
    """

    id: str
    """The asker's own name for it."""
    messages: Sequence[Message]
    pictures: Pictures = field(default_factory=lambda: Pictures((), ""))
    sample_index: int = 0
    """Which of several answers to the same question it is."""
    seed: int = 0

    def key(self, model: str, decoding: Decoding) -> str:
        """Hash what an answer depends on: the model, sampling, words, pixels, sample index and seed.

        The server's address is no part of it: a model that moves to another port keeps its answers.

        Raises:
            UserError: a picture cannot be read.
        """
        parts = {
            "model": model,
            "decoding": decoding.settings(),
            "messages": list(self.messages),
            "pictures": self.pictures.hashes(),
            "bounds": asdict(self.pictures.bounds),
            "sample_index": self.sample_index,
            "seed": self.seed,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]

    def body(self, model: str, decoding: Decoding, stream: bool = False) -> bytes:
        """Return the request's JSON.

        Raises:
            UserError: a picture cannot be read, or the messages have not as many places as there are pictures.
        """
        fields = {"model": model, "messages": self._messages(), "seed": self.seed, **decoding.settings()}
        if stream:
            fields |= {"stream": True, "stream_options": {"include_usage": True}}
        return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()

    def _messages(self) -> list[dict[str, Any]]:
        urls = iter(self.pictures.urls())
        filled = [_fill(message, urls) for message in self.messages]
        places = sum(part.get("type") == "image" for message in self.messages for part in _parts(message))
        if places != len(self.pictures):
            raise UserError(f"{self.id}: {places} places for pictures in the messages, {len(self.pictures)} pictures")
        return filled


def _parts(message: Message) -> Sequence[Mapping[str, Any]]:
    content = message["content"]
    return () if isinstance(content, str) else content


def _fill(message: Message, urls: Any) -> dict[str, Any]:
    if isinstance(message["content"], str):
        return dict(message)
    parts = [
        {"type": "image_url", "image_url": {"url": next(urls, "")}} if part.get("type") == "image" else part
        for part in message["content"]
    ]
    return {**message, "content": parts}
