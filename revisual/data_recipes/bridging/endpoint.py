"""A server and how its answers are drawn."""

from dataclasses import dataclass, field

from revisual.client.request import Decoding
from revisual.client.server import Server


@dataclass(frozen=True)
class Endpoint:
    """A model that is asked.

    Example: `Endpoint(Server("http://localhost:8000/v1", "Qwen2.5-VL-72B-Instruct"), Decoding(max_tokens=4096))`
    """

    server: Server
    decoding: Decoding = field(default_factory=lambda: Decoding(temperature=0.6, top_p=0.95))
