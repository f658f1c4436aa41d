"""Where questions are sent, and the key that goes with them."""

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from revisual.client.retries import Retries
from revisual.core.errors import UserError
from revisual.core.ranges import Count, Seconds, check_ranges


@dataclass(frozen=True)
class Server:
    """A server with OpenAI's chat interface. Its key is read from the environment alone.

    Example: `Server("http://localhost:8000/v1", "ReVisual-R1", concurrency=64)`

    Args:
        base_url: without `/chat/completions`.
        model: the name that the server knows.
        key_env: the environment variable that holds the key; where it is not set, none is sent.
        concurrency: requests at once.
        timeout_seconds: how long a server may be silent; an answer that is not streamed is silence until it is there.
        stream: take answers piece by piece, so that a time-out tells a slow answer from a dead server.
        retries: when a request is sent again.
    """

    base_url: str
    model: str
    key_env: str = "OPENAI_API_KEY"
    concurrency: Count = 16
    timeout_seconds: Seconds = 600.0
    stream: bool = False
    retries: Retries = field(default_factory=Retries)

    def __post_init__(self) -> None:
        check_ranges(self)
        address = urlsplit(self.base_url)
        if "@" in address.netloc:  # not quoted: it holds a password
            raise UserError(f"base_url: a user or password in the address is refused; put the key into ${self.key_env}")
        if address.scheme not in ("http", "https") or not address.netloc:
            raise UserError(f"base_url: {self.base_url!r} is no address such as http://localhost:8000/v1")

    @property
    def endpoint(self) -> str:
        """The address that questions are sent to."""
        return f"{self.base_url.rstrip('/')}/chat/completions"

    def key(self) -> str:
        """Return the key from the environment; empty if there is none.

        Raises:
            UserError: it cannot stand in a header; its value is not shown.
        """
        key = os.environ.get(self.key_env, "").strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise UserError(f"the key in ${self.key_env} holds characters that no key may hold")
        return key
