"""A chat server on this machine that answers, or misbehaves, as a test tells it."""

import asyncio
import json
from dataclasses import dataclass, field
from threading import Event, Thread


@dataclass(frozen=True)
class Call:
    """One request as it came in."""

    body: dict
    headers: dict
    path: str

    @property
    def text(self):
        """The words of the last turn."""
        content = self.body["messages"][-1]["content"]
        return content if isinstance(content, str) else content[-1]["text"]


@dataclass(frozen=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    cut: int | None = None
    """Send so many bytes of the body and hang up."""
    wait: float = 0.0
    """Seconds of silence before anything is sent."""


def says(text, finish_reason="stop", **options):
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 10, "completion_tokens": len(text.split())}
    return Response(body=json.dumps({"choices": [choice], "usage": usage}).encode(), **options)


def streams(text, finish_reason="stop", **options):
    pieces = [{"choices": [{"delta": {"content": text[i : i + 3]}}]} for i in range(0, len(text), 3)]
    usage = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": len(text.split())}}
    end = {"choices": [{"delta": {}, "finish_reason": finish_reason}]}
    events = [*(json.dumps(piece) for piece in [*pieces, end, usage]), "[DONE]"]
    body = b"".join(f"data: {event}\n\n".encode() for event in events)
    return Response(body=body, headers={"Content-Type": "text/event-stream"}, **options)


class ChatServer:
    """For use in `with`: `answer` gets each `Call` and returns a `Response`, or a list of them, one per attempt."""

    def __init__(self, answer):
        self.answer = answer
        self.calls = []
        self.at_once = self.most_at_once = 0
        self._attempts = {}

    def __enter__(self):
        started = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve(started)), daemon=True)
        self._thread.start()
        assert started.wait(60)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    async def _serve(self, started):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stop.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _talk(self, reader, writer):
        try:
            while (call := await self._read(reader)) is not None:
                self.calls.append(call)
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    is_kept = await self._send(writer, self._response(call))
                finally:
                    self.at_once -= 1
                if not is_kept:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _response(self, call):
        response = self.answer(call)
        if not isinstance(response, list):
            return response
        attempt = self._attempts.get(call.text, 0)
        self._attempts[call.text] = attempt + 1
        return response[min(attempt, len(response) - 1)]

    @staticmethod
    async def _read(reader):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        except asyncio.IncompleteReadError:
            return None
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Call(json.loads(body or b"{}"), headers, head[0].split()[1])

    @staticmethod
    async def _send(writer, response):
        await asyncio.sleep(response.wait)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(response.body)), **response.headers}
        lines = [f"HTTP/1.1 {response.status} Status", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + response.body[: response.cut])
        await writer.drain()
        return response.cut is None
