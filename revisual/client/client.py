"""One question to a server, asked again until there is an answer or no hope of one."""

import asyncio
import random
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

import aiohttp

from revisual.client.budget import Budget
from revisual.client.proxy import proxy_for
from revisual.client.reply import BrokenReply, Reply, StreamedReply, read_reply
from revisual.client.retries import retry_after_seconds
from revisual.client.scrubbing import make_scrubber, scrub_reply
from revisual.client.server import Server

MOST_BYTES = 16 * 2**20
"""Of one response: many times the longest answer."""
MOST_LINE = 2**20
"""Bytes of one line of a stream, which holds a few tokens."""
MOST_SAID = 4000
"""Bytes that are read of an error."""
MOST_SILENCES = 6
"""How many time-outs one attempt may take in all, against a server that sends a byte now and then."""
RETRIED_STATUSES = {408, 409, 425, 429}
"""Besides those of 500 and more: the server's trouble, not the request's."""


class RequestFailed(Exception):
    """A request that gets no answer, however often it is sent."""


class _Attempt(Exception):
    """An attempt that failed; another may not."""

    def __init__(self, reason: str, retry_after: float | None = None, reply: Reply | None = None) -> None:
        super().__init__(reason)
        self.retry_after, self.reply = retry_after, reply


@dataclass
class Traffic:
    """What went over the line so far."""

    sent: int = 0
    retried: int = 0
    trouble: str = ""
    """Why the last attempt failed that did."""


@dataclass
class ChatClient:
    """A session with a server, for use in `async with`.

    Redirects are refused, so that the key goes nowhere but to the server it is for.
    """

    server: Server
    budget: Budget = field(default_factory=Budget)
    traffic: Traffic = field(default_factory=Traffic)

    async def __aenter__(self) -> "ChatClient":
        self._key = self.server.key()
        self._scrub = make_scrubber(self._key)
        # Not aiohttp's `trust_env`, which also takes a password from ~/.netrc and puts it in the key's place.
        self._proxy = proxy_for(self.server.endpoint)
        self._random = random.Random()  # of its own: no seeded program is disturbed
        authorization = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        silence = self.server.timeout_seconds
        self._session = aiohttp.ClientSession(
            headers={"Content-Type": "application/json"} | authorization,
            timeout=aiohttp.ClientTimeout(total=MOST_SILENCES * silence, sock_connect=silence, sock_read=silence),
            connector=aiohttp.TCPConnector(limit=self.server.concurrency),
            cookie_jar=aiohttp.DummyCookieJar(),
            raise_for_status=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def complete(self, body: bytes) -> tuple[Reply, int]:
        """Return the answer to a request's body, and the number of attempts that it took.

        Raises:
            RequestFailed: there is none; says why, without the key.
            BudgetSpent: it was not asked, or not asked again.
        """
        retries = self.server.retries
        for attempt in range(1, retries.attempts + 1):
            self.budget.take()
            self.traffic.sent += 1
            try:
                reply = await self._attempt(body)
            except _Attempt as failed:
                self.traffic.trouble = str(failed)
                if attempt == retries.attempts:
                    if failed.reply is not None:  # a model that ends at once, each time, says nothing: so be it
                        return failed.reply, attempt
                    raise RequestFailed(f"{failed} ({attempt} attempts)") from None
                self.traffic.retried += 1
                await asyncio.sleep(retries.delay(attempt, self._random.random(), failed.retry_after))
            else:
                return reply, attempt
        raise AssertionError("there is at least one attempt")

    async def _attempt(self, body: bytes) -> Reply:
        try:
            reply = await self._post(body)
        except TimeoutError:
            raise _Attempt(f"no answer within {self.server.timeout_seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _Attempt(self._clean(f"the connection failed: {type(error).__name__}: {error}")) from None
        except BrokenReply as error:
            raise _Attempt(self._clean(str(error))) from None
        self.budget.pay(reply.tokens)
        if reply.fault is not None:
            raise _Attempt(reply.fault)
        if not reply.text and reply.finish_reason != "length":
            raise _Attempt("the answer is empty", reply=reply if reply.finish_reason else None)
        return reply

    async def _post(self, body: bytes) -> Reply:
        endpoint = self.server.endpoint
        async with self._session.post(endpoint, data=body, allow_redirects=False, proxy=self._proxy) as response:
            if response.status == 200:
                streamed = self.server.stream and response.content_type == "text/event-stream"
                return await (self._read_stream(response) if streamed else self._read_whole(response))
            text = await self._said(response)
            if 300 <= response.status < 400:
                place = urlsplit(response.headers.get("Location", "")).netloc or "elsewhere"
                raise RequestFailed(self._clean(f"HTTP {response.status}: a redirect to {place} is refused"))
            if response.status in RETRIED_STATUSES or response.status >= 500:
                raise _Attempt(text, retry_after_seconds(response.headers.get("Retry-After")))
            raise RequestFailed(text)

    async def _read_whole(self, response: aiohttp.ClientResponse) -> Reply:
        read = bytearray()
        async for part in response.content.iter_any():
            read += part
            if len(read) > MOST_BYTES:
                raise RequestFailed(f"the response has more than {MOST_BYTES >> 20} MiB")
        return scrub_reply(read_reply(self._without_key(bytes(read))), self._scrub)

    async def _read_stream(self, response: aiohttp.ClientResponse) -> Reply:
        streamed, rest, size = StreamedReply(), b"", 0
        async for part in response.content.iter_any():
            size += len(part)
            if size > MOST_BYTES:
                raise RequestFailed(f"the response has more than {MOST_BYTES >> 20} MiB")
            *lines, rest = (rest + part).split(b"\n")
            if len(rest) > MOST_LINE:
                raise RequestFailed(f"a line of the stream has more than {MOST_LINE >> 20} MiB")
            for line in lines:
                streamed.add(self._without_key(line))
            if streamed.is_done:
                return scrub_reply(streamed.reply(), self._scrub)
        streamed.add(self._without_key(rest))
        return scrub_reply(streamed.reply(), self._scrub)  # the key may be spread over pieces

    async def _said(self, response: aiohttp.ClientResponse) -> str:
        """Return the status and the server's message, in one line."""
        try:
            said = await response.content.read(MOST_SAID)
            if len(said) == MOST_SAID:  # the end may be half a key
                said = said[: -12 * len(self._key) or None]
        except (aiohttp.ClientError, OSError, TimeoutError):
            said = b""
        return self._clean(f"HTTP {response.status}: {said.decode('utf-8', 'replace')}")

    def _without_key(self, text: bytes) -> bytes:
        """Return `text` without the key, should a server send it back; errors quote it before it is decoded."""
        return self._scrub(text.decode("latin-1")).encode("latin-1")

    def _clean(self, text: str) -> str:
        cleaned = self._scrub(" ".join(text.split()).encode("utf-8", "replace").decode())
        return cleaned[:300].rstrip(": ")
