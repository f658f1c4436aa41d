"""How many requests a second the client makes when the server is no obstacle.

    python benchmarks/client_rate.py --requests 2000 --concurrency 64

A server in a process of its own answers at once; every answer is written to disk as in use. Writes JSON to stdout.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import time
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from revisual.client.ask import ask_all
from revisual.client.journal import Journal
from revisual.client.pictures import Pictures
from revisual.client.request import ChatRequest, Decoding
from revisual.client.server import Server
from revisual.data.images import ImageSource

CHOICE = {"message": {"content": "<think>6 * 7 = 42</think>It is \\boxed{42}."}, "finish_reason": "stop"}
BODY = json.dumps({"choices": [CHOICE], "usage": {"prompt_tokens": 20, "completion_tokens": 15}}).encode()
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Answering(asyncio.Protocol):
    """Reads as much of HTTP as the client writes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.read, self.expected = transport, bytearray(), -1

    def data_received(self, data: bytes) -> None:
        self.read += data
        if self.expected < 0 and (end := self.read.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.read[:end]).lower()
            self.expected = end + 4 + int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        if 0 <= self.expected <= len(self.read):
            self.read, self.expected = bytearray(), -1
            self.transport.write(RESPONSE)  # type: ignore[attr-defined]


def serve(port: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def measure(port: int, count: int, concurrency: int, pictures: int, folder: Path) -> dict[str, float]:
    """Requests with `pictures` pictures of 448 x 448 pixels, each question's own."""

    def request(index: int) -> ChatRequest:
        images = [ImageSource(image=Image.new("RGB", (448, 448), (index % 256, k, 0))) for k in range(pictures)]
        parts = [*({"type": "image"} for _ in images), {"type": "text", "text": f"What is {index} * 7?"}]
        return ChatRequest(f"q{index}", [{"role": "user", "content": parts}], Pictures(images, f"q{index}"), seed=index)

    server = Server(f"http://127.0.0.1:{port}/v1", "none", concurrency=concurrency)
    began, cpu = time.perf_counter(), time.process_time()
    with Journal(folder / f"{pictures}.jsonl") as journal:
        records = list(ask_all(server, Decoding(), map(request, range(count)), journal))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert len(records) == count and not any(record.is_failed for record in records)
    began = time.perf_counter()
    with Journal(folder / f"{pictures}.jsonl") as journal:
        assert len(list(ask_all(server, Decoding(), map(request, range(count)), journal))) == count
    again = time.perf_counter() - began
    return {
        "requests": count,
        "seconds": round(seconds, 2),
        "per_second": round(count / seconds),
        "cpu": round(cpu, 2),
        "again_per_second": round(count / again),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=64)
    args = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    with TemporaryDirectory() as folder:
        text = measure(port, args.requests, args.concurrency, 0, Path(folder))
        pictures = measure(port, args.requests // 4, args.concurrency, 2, Path(folder))
    server.terminate()
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps({"text": text, "two_pictures": pictures, "peak_memory_mib": peak}, indent=2))


if __name__ == "__main__":
    main()
