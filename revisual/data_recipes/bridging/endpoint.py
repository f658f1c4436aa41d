"""A model that is asked, and a thread that asks it while others go on."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from queue import PriorityQueue, SimpleQueue
from threading import Thread

from revisual.client.ask import ask_all
from revisual.client.budget import Budget
from revisual.client.client import Traffic
from revisual.client.journal import Journal, Record
from revisual.client.request import ChatRequest, Decoding
from revisual.client.server import Server

_FIRST = -1
"""Priority of closing, before all requests."""


@dataclass(frozen=True)
class Endpoint:
    """A model that is asked.

    Example: `Endpoint(Server("http://localhost:8000/v1", "Qwen2.5-VL-72B-Instruct"), Decoding(max_tokens=4096))`
    """

    server: Server
    decoding: Decoding = field(default_factory=lambda: Decoding(temperature=0.6, top_p=0.95))


class Closed:
    """The last thing that comes from a worker: why it ended, if something went wrong."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


Arrivals = SimpleQueue[Record | Closed | BaseException]


class EndpointWorker:
    """Asks a model in a thread of its own, through `ask_all`, until it is closed.

    Example: `EndpointWorker(vlm, journal, budget, traffic, arrivals).ask(request, priority=1)`, then `arrivals.get()`

    Args:
        endpoint: who is asked.
        journal: where its answers are kept; what is in it is not asked again.
        budget: what may be spent.
        traffic: counts what is sent.
        arrivals: where records go, and at last a `Closed`.
    """

    def __init__(
        self, endpoint: Endpoint, journal: Journal, budget: Budget, traffic: Traffic, arrivals: Arrivals
    ) -> None:
        self.endpoint, self.journal, self.budget, self.traffic = endpoint, journal, budget, traffic
        self.answered = self.failed = 0
        self.last_error: str | None = None
        self._arrivals, self._count = arrivals, count()
        self._waiting: PriorityQueue[tuple[int, int, ChatRequest | None]] = PriorityQueue()
        Thread(target=self._run, name="endpoint", daemon=True).start()

    def ask(self, request: ChatRequest, priority: int) -> None:
        """Put a request in line, behind those of a lower number and earlier ones of the same."""
        self._waiting.put((priority, next(self._count), request))

    def close(self) -> None:
        """Ask nothing more; answers to what is on its way still arrive."""
        self._waiting.put((_FIRST, next(self._count), None))

    def _run(self) -> None:
        error: BaseException | None = None
        endpoint = self.endpoint
        records = ask_all(endpoint.server, endpoint.decoding, self._requests(), self.journal, self.budget, self.traffic)
        try:
            with closing(records):
                for record in records:
                    self._note(record)
                    self._arrivals.put(record)
        except BaseException as raised:
            error = raised
        self._arrivals.put(Closed(error))

    def _requests(self) -> Iterator[ChatRequest]:
        while (request := self._waiting.get()[2]) is not None:
            yield request

    def _note(self, record: Record) -> None:
        self.answered += not record.is_failed
        self.failed += record.is_failed
        self.last_error = record.error or self.last_error
