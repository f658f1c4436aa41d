"""Embeddings from a server."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from revisual.client.retries import Retries
from revisual.client.server import Server
from revisual.core.errors import UserError
from revisual.core.ranges import Count, Seconds
from revisual.data_recipes.grammar.topics.embedders import Embedder, FittedEmbedder, Points, unit


@dataclass(frozen=True, kw_only=True)
class ServerEmbedder(Embedder):
    """A server with OpenAI's interface for embeddings, such as `vllm serve` with an embedding model.

    Example: `ServerEmbedder(base_url="http://localhost:8000/v1", model="nvidia/NV-Embed-v2")`

    Args:
        model: the name that the server knows.
        base_url: without `/embeddings`.
        key_env: the environment variable that holds the key.
        batch_size: texts per request.
        prompt: put before each text, for models that want an instruction.
        timeout: seconds that the server may be silent.
    """

    model: str
    base_url: str = field(default="http://localhost:8000/v1", compare=False)
    key_env: str = field(default="OPENAI_API_KEY", compare=False)
    batch_size: Count = field(default=64, compare=False)
    prompt: str = ""
    timeout: Seconds = field(default=600.0, compare=False)
    retries: Retries = field(default_factory=Retries, compare=False)

    @override
    def fit(self, texts: Sequence[str], seed: int) -> FittedEmbedder:
        server = Server(self.base_url, self.model, self.key_env, timeout_seconds=self.timeout, retries=self.retries)
        return _ServedEmbeddings(server, self.batch_size, self.prompt)


@dataclass(frozen=True)
class _ServedEmbeddings(FittedEmbedder):
    server: Server
    batch_size: Count
    prompt: str

    def __call__(self, texts: Sequence[str]) -> Points:
        return asyncio.run(self._all([self.prompt + text for text in texts]))

    async def _all(self, texts: Sequence[str]) -> Points:
        import aiohttp

        key = self.server.key()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = aiohttp.ClientTimeout(total=self.server.timeout_seconds)
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            parts = [texts[start : start + self.batch_size] for start in range(0, len(texts), self.batch_size)]
            return np.concatenate([await self._part(session, part) for part in parts])

    async def _part(self, session: Any, texts: Sequence[str]) -> Points:
        url = f"{self.server.base_url.rstrip('/')}/embeddings"
        reason = ""
        for attempt in range(1, self.server.retries.attempts + 1):
            try:
                body = {"model": self.server.model, "input": list(texts)}
                async with session.post(url, json=body, allow_redirects=False) as response:
                    text = await response.text()
                    if response.status == 200:
                        return unit(_vectors(text, len(texts)))
                    reason = f"HTTP {response.status}: {' '.join(text.split())[:200]}"
            except (OSError, TimeoutError, ValueError) as error:  # aiohttp's errors of connections are OSErrors
                reason = f"{type(error).__name__}: {error}"
            if attempt < self.server.retries.attempts:
                await asyncio.sleep(self.server.retries.delay(attempt, 0.5))
        raise UserError(f"{url}: no embeddings: {reason}; what was embedded is kept")


def _vectors(text: str, count: int) -> NDArray[np.float32]:
    """Return the vectors in a server's reply, in the order of the texts [count, D]."""
    try:
        rows = sorted(json.loads(text)["data"], key=lambda row: row["index"])
        vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the reply is no list of embeddings: {text[:80]!r}") from error
    if vectors.ndim != 2 or len(vectors) != count or not np.isfinite(vectors).all():
        raise ValueError(f"the reply holds embeddings of shape {vectors.shape} for {count} texts")
    return vectors
