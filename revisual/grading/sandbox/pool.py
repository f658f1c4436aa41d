"""A pool of worker processes for work that may hang, crash or take all memory: each request has a deadline.

The processes (`worker_process.py`, and `worker.py` inside them) are told what to do in lines of JSON: a list of
requests down, a reply per request up. Nothing is pickled, and no child starts as a copy of this process.
"""

import atexit
import json
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from revisual.core.errors import UserError
from revisual.grading.sandbox.worker_process import Outcome, PoolSettings, Worker

MOST_START_FAILURES = 3
CHUNK = 16
"""Requests that travel together; each has its own deadline."""
CHUNK_BYTES = 100_000


class Pool:
    """Workers that take requests from any thread. Usually had from `shared_pool`."""

    def __init__(self, settings: PoolSettings) -> None:
        self.settings = settings
        self._slots = threading.BoundedSemaphore(settings.workers)
        self._lock = threading.Lock()
        self._is_closed = False
        self._workers = {Worker(settings) for _ in range(settings.workers + 1)}
        self._idle = deque(self._workers)

    def warm_up(self) -> None:
        """Return when all workers are ready, the spare one included.

        Raises:
            UserError: workers do not start.
        """
        with self._lock:
            workers = list(self._idle)
        for worker in workers:
            worker.wait_until_ready()
        with self._worker():  # says what is wrong, if none of them started
            pass

    def run(self, requests: Sequence[Any]) -> list[Outcome]:
        """Return the outcomes in the order of the requests. Blocks; any thread may call it.

        Raises:
            UserError: workers do not start.
        """
        parts = list(chunks([encode(request) for request in requests]))
        if len(parts) <= 1 or self.settings.workers == 1:
            return [outcome for part in parts for outcome in self._run_chunk(part)]
        with ThreadPoolExecutor(self.settings.workers) as threads:
            try:
                return [outcome for part in threads.map(self._run_chunk, parts) for outcome in part]
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def _run_chunk(self, requests: Sequence[bytes]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        while len(outcomes) < len(requests):
            with self._worker() as worker:
                outcomes += worker.answer(requests[len(outcomes) :])
        return outcomes

    @contextmanager
    def _worker(self) -> Iterator[Worker]:
        """Return a worker that is ready; one that is still at work afterwards has failed, and is replaced."""
        with self._slots:
            worker = self._take()
            try:
                yield worker
            finally:
                if worker.is_at_work:
                    self._replace(worker)
                else:
                    with self._lock:
                        self._idle.appendleft(worker)  # in front of the spare one, which stays spare

    def _take(self) -> Worker:
        failures = 0
        while True:
            with self._lock:
                if self._is_closed:
                    raise RuntimeError("the worker pool is closed")
                worker = self._idle.popleft()
            was_ready = worker.is_ready
            why = worker.wait_until_ready()
            if why is None and worker.is_alive():
                return worker
            self._replace(worker)
            failures += not was_ready
            if failures == MOST_START_FAILURES:
                raise UserError(f"worker processes for {self.settings.module} do not start: {why}")

    def _replace(self, worker: Worker) -> None:
        """Start another worker, without waiting until it is ready."""
        worker.end()
        worker.let_go()
        with self._lock:
            self._workers.discard(worker)
            if not self._is_closed:
                another = Worker(self.settings)
                self._workers.add(another)
                self._idle.append(another)

    def close(self) -> None:
        """End all workers. Calls in progress get the outcome "crashed" for what they are at, and later ones fail."""
        with self._lock:
            self._is_closed = True
            workers, idle = list(self._workers), list(self._idle)
        for worker in workers:
            worker.end()
        for worker in idle:  # the others' pipes are closed by the calls that are using them
            worker.let_go()

    def let_go(self) -> None:
        """Close the inherited ends of pipes in a forked child, and leave the workers to the parent."""
        for worker in self._workers:
            worker.let_go()


def encode(request: Any) -> bytes:
    """Encode a request as JSON without a line break, whatever the strings in it hold."""
    return json.dumps(request, ensure_ascii=False).encode("utf-8", "surrogatepass")


def chunks(requests: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield consecutive requests that travel together: at most `CHUNK` of them, and fewer if they are long.

    Example: `[len(part) for part in chunks([b"1"] * 40)] == [16, 16, 8]`
    """
    part: list[bytes] = []
    for request in requests:
        if part and (len(part) == CHUNK or sum(map(len, part)) + len(request) > CHUNK_BYTES):
            yield part
            part = []
        part.append(request)
    if part:
        yield part


_pools: dict[PoolSettings, Pool] = {}
_pools_lock = threading.Lock()


def shared_pool(settings: PoolSettings) -> Pool:
    """Return this process's one pool with these settings: started on first use, gone when the process ends."""
    with _pools_lock:
        if settings not in _pools:
            _pools[settings] = Pool(settings)
        return _pools[settings]


def close_pools() -> None:
    """End all shared pools; the next use starts them again."""
    with _pools_lock:
        pools = list(_pools.values())
        _pools.clear()
    for pool in pools:
        pool.close()


def _forget_pools() -> None:
    """Forget the parent's pools in a forked child, which starts its own."""
    global _pools_lock
    for pool in _pools.values():
        pool.let_go()
    _pools.clear()
    _pools_lock = threading.Lock()


atexit.register(close_pools)
os.register_at_fork(after_in_child=_forget_pools)
