"""Many questions at once: from an iterable of requests to an iterable of records, as they arrive."""

import asyncio
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event, Lock, Thread

from revisual.client.budget import Budget, BudgetSpent
from revisual.client.client import ChatClient, RequestFailed, Traffic
from revisual.client.journal import FAILED, Journal, Record, Records
from revisual.client.request import ChatRequest, Decoding
from revisual.client.server import Server
from revisual.core.errors import UserError

HOPELESS_AFTER = 20
"""If the first so many requests all fail, the others are not tried."""
PREPARING_THREADS = 4
"""They read, hash and encode pictures."""


@dataclass(frozen=True)
class _Prepared:
    request: ChatRequest
    key: str
    body: bytes | None
    """None if the answer is known, or the request cannot be made."""
    record: Record | None = None


@dataclass
class _Asking:
    """Requests on their way to a server, in a thread of their own, so that the caller may take its time with each.

    Requests are taken from their iterable as there is room for them: neither they nor the records pile up.
    """

    server: Server
    decoding: Decoding
    requests: Iterable[ChatRequest]
    journal: Journal
    budget: Budget
    traffic: Traffic
    answered: int = 0
    failed: int = 0
    _taking: Lock = field(default_factory=Lock)
    _stop: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self._source = iter(self.requests)
        self._records: Queue[Record | BaseException | None] = Queue(maxsize=4 * self.server.concurrency)

    def records(self) -> Records:
        """Return one record per request: what is in the journal already at once, the others as they arrive."""
        thread = Thread(target=self._run, name="asking", daemon=True)
        thread.start()
        try:
            while (found := self._records.get()) is not None:
                if isinstance(found, BaseException):
                    raise found
                yield found
        finally:
            self._stop.set()
            while thread.is_alive():  # make room for whoever waits to hand out a record
                with suppress(Empty):
                    self._records.get(timeout=0.05)
            thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._ask_all())
        except BaseException as error:
            self._records.put(error)
        self._records.put(None)

    async def _ask_all(self) -> None:
        async with ChatClient(self.server, self.budget, self.traffic) as client:
            with ThreadPoolExecutor(PREPARING_THREADS, "preparing") as pool:
                workers = [asyncio.create_task(self._work(client, pool)) for _ in range(self.server.concurrency)]
                watch = asyncio.create_task(self._cancel_on_stop(workers))
                try:
                    await self._finish(workers)
                finally:
                    watch.cancel()

    async def _finish(self, workers: list[asyncio.Task[None]]) -> None:
        """Wait for all; when the budget is spent, what is on its way still arrives, and any other error ends it."""
        spent: BudgetSpent | None = None
        for done in asyncio.as_completed(workers):
            try:
                await done
            except BudgetSpent as error:
                spent = error
            except BaseException:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
                raise
        if spent is not None:
            raise spent

    async def _cancel_on_stop(self, workers: list[asyncio.Task[None]]) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(0.05)
        for worker in workers:
            worker.cancel()

    async def _work(self, client: ChatClient, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while (prepared := await loop.run_in_executor(pool, self._next)) is not None:
            record = prepared.record or await self._answer(client, prepared)
            while self._records.full():
                await asyncio.sleep(0.01)
            self._records.put_nowait(record)

    def _next(self) -> _Prepared | None:
        """Return the next request with its pictures encoded, or with what is known of its answer."""
        with self._taking:
            request = next(self._source, None)
        if request is None or self._stop.is_set():
            return None
        try:
            key = request.key(self.server.model, self.decoding)
            known = self.journal.find(key)
            body = None if known else request.body(self.server.model, self.decoding, self.server.stream)
            return _Prepared(request, key, body, known)
        except UserError as error:
            return _Prepared(request, "", None, failure(request, str(error)))

    async def _answer(self, client: ChatClient, prepared: _Prepared) -> Record:
        request, began = prepared.request, time.monotonic()
        assert prepared.body is not None
        try:
            reply, attempts = await client.complete(prepared.body)
        except RequestFailed as error:
            record = failure(request, str(error), prepared.key, time.monotonic() - began)
            self._check_hope(record)
        else:
            self.answered += 1
            record = Record(
                key=prepared.key,
                id=request.id,
                sample_index=request.sample_index,
                seed=request.seed,
                response=reply.text,
                finish_reason="other" if reply.finish_reason == FAILED else reply.finish_reason,
                prompt_tokens=reply.prompt_tokens,
                completion_tokens=reply.completion_tokens,
                seconds=round(time.monotonic() - began, 3),
                attempts=attempts,
            )
        self.journal.append(record)
        return record

    def _check_hope(self, record: Record) -> None:
        self.failed += 1
        if not self.answered and not len(self.journal) and self.failed >= HOPELESS_AFTER:
            raise UserError(f"{self.server.base_url}: the first {self.failed} requests all failed; {record.error}")


def failure(request: ChatRequest, reason: str, key: str = "", seconds: float = 0.0) -> Record:
    """Return the record of a request without an answer; without a key if it could not even be made."""
    return Record(
        key, request.id, request.sample_index, request.seed, "", FAILED, error=reason, seconds=round(seconds, 3)
    )


def ask_all(
    server: Server,
    decoding: Decoding,
    requests: Iterable[ChatRequest],
    journal: Journal,
    budget: Budget | None = None,
    traffic: Traffic | None = None,
) -> Records:
    """Ask a server all that is not in the journal yet, and yield one record per request, as they arrive.

    A request that fails for good gives a record that says so, and the rest goes on; a later call asks it again.

    Raises:
        BudgetSpent: after the records of all that was asked.
        UserError: the first 20 requests all failed: a wrong address or key, or a server that is down.
    """
    asking = _Asking(server, decoding, requests, journal, budget or Budget(), traffic or Traffic())
    return asking.records()
