"""Quick clients for tests."""

from revisual.client.ask import ask_all
from revisual.client.journal import Journal
from revisual.client.request import ChatRequest, Decoding
from revisual.client.retries import Retries
from revisual.client.server import Server

DECODING = Decoding(max_tokens=64)


def quick(url, **options):
    options = {"timeout_seconds": 20.0, "retries": Retries(attempts=3, first_delay=0.01), "concurrency": 8} | options
    return Server(url, "tiny", **options)


def question(index, text=None, **options):
    return ChatRequest(f"q{index}", [{"role": "user", "content": text or f"question {index}"}], **options)


def ask(server, requests, path, decoding=DECODING, **options):
    """All records by id."""
    with Journal(path) as journal:
        return {record.id: record for record in ask_all(server, decoding, requests, journal, **options)}
