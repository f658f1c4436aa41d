"""Requests to an inference server, many at once; whether they are sent again is for the caller to say."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp

from revisual.client.server import Server
from revisual.core.errors import UserError

CONNECT_SECONDS = 10.0
MOST_BYTES = 256 * 2**20
"""Of one response, which has a log-prob of each token."""
MOST_SILENCES = 6
"""How many time-outs one answer may take in all, from a server that sends a byte now and then."""


class ServerGone(Exception):
    """The server does not answer, or not as one that works: it may be back later."""


class InferenceServer:
    """A server's own interface, beside OpenAI's: tokens in and out, weights, caches.

    Example: `InferenceServer(Server("http://127.0.0.1:8000", "")).call("GET", "/health")`
    """

    def __init__(self, server: Server) -> None:
        self.server = server

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return what the server answers to one request (see `call_all`)."""
        return self.call_all(method, path, [body])[0]

    def call_all(self, method: str, path: str, bodies: Sequence[Mapping[str, Any] | None]) -> list[Any]:
        """Return the answers to requests, in their order, `concurrency` of them at once; None where an answer is empty.

        Raises:
            ServerGone: one got no answer; the others are given up.
            UserError: the server refuses one, and would again.
        """
        with ThreadPoolExecutor(1, "rollout-requests") as thread:  # the caller's may have an event loop already
            return thread.submit(asyncio.run, self._call_all(method, path, bodies)).result()

    async def _call_all(self, method: str, path: str, bodies: Sequence[Mapping[str, Any] | None]) -> list[Any]:
        key, silence = self.server.key(), self.server.timeout_seconds
        patience = aiohttp.ClientTimeout(MOST_SILENCES * silence, sock_connect=CONNECT_SECONDS, sock_read=silence)
        room = asyncio.Semaphore(self.server.concurrency)
        async with aiohttp.ClientSession(
            headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=patience,
            connector=aiohttp.TCPConnector(limit=self.server.concurrency),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session:

            async def one(body: Mapping[str, Any] | None) -> Any:
                async with room:  # a body with its pictures is made when it can be sent
                    return await self._call(session, method, path, body)

            tasks = [asyncio.create_task(one(body)) for body in bodies]
            try:
                return await asyncio.gather(*tasks)
            finally:  # the server stops working on requests whose connection closes
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _call(
        self, session: aiohttp.ClientSession, method: str, path: str, body: Mapping[str, Any] | None
    ) -> Any:
        url, data = f"{self.server.base_url.rstrip('/')}{path}", None if body is None else json.dumps(body).encode()
        try:
            async with session.request(method, url, data=data, allow_redirects=False) as response:
                content = await _read(response, path)
        except TimeoutError:
            raise ServerGone(f"no answer from {path} within {self.server.timeout_seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise ServerGone(f"the connection failed: {type(error).__name__}: {error}") from None
        if response.status >= 500 or response.status in (408, 425, 429):
            raise ServerGone(f"HTTP {response.status} from {path}: {_said(content)}")
        if response.status != 200:
            raise UserError(f"{url}: HTTP {response.status}: {_said(content)}")
        try:
            return json.loads(content) if content else None
        except (ValueError, RecursionError):
            raise ServerGone(f"no JSON from {path}: {content[:80]!r}") from None


async def _read(response: aiohttp.ClientResponse, path: str) -> bytes:
    read = bytearray()
    async for part in response.content.iter_any():
        read += part
        if len(read) > MOST_BYTES:
            raise ServerGone(f"the answer from {path} has more than {MOST_BYTES >> 20} MiB")
    return bytes(read)


def _said(content: bytes) -> str:
    return " ".join(content.decode("utf-8", "replace").split())[:300]
