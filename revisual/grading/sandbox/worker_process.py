"""A worker process, seen from its parent: it is started, asked, and ended."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from revisual.grading.sandbox.worker import OUT_OF_MEMORY

PROGRAM = Path(__file__).with_name("worker.py")
START_SECONDS = 120.0
"""For importing what a worker needs, on however slow a machine."""
CLOCK_FACTOR = 4
"""How long a worker is waited for that gets no CPU time, or wants none, in deadlines."""

# Nothing of the environment that is not needed: a worker has no use for the caller's keys.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "LANG", "LC_ALL")

Failure = Literal["timeout", "memory", "crashed"]


@dataclass(frozen=True)
class PoolSettings:
    """What a pool runs and what a request may take.

    Args:
        module: name of a module with `warm_up()`, called before the first request, and `answer(request)`, where
            requests and answers are what JSON can say.
        workers: requests answered at the same time. One process more is kept ready for one that is ended.
        deadline_seconds: of CPU time for a request, from when a worker takes it: what others run on the machine
            does not count. By the clock, `CLOCK_FACTOR` times as long.
        memory_mb: MiB that a request may take beyond what a worker holds when it is ready; where the system can limit
            it (Linux).
    """

    module: str
    workers: int = 1
    deadline_seconds: float = 0.5
    memory_mb: int = 512


@dataclass(frozen=True)
class Outcome:
    """What became of a request.

    Example: `Outcome(value=True, error=None, seconds=0.0004)`
    """

    value: Any
    """What the module answered; None where `error` is set."""
    error: Failure | None
    seconds: float
    """From when a worker took it."""


class Worker:
    """One process: starting, ready, at work, or ended."""

    def __init__(self, settings: PoolSettings) -> None:
        self._patience = CLOCK_FACTOR * settings.deadline_seconds
        told = {
            "path": [os.path.abspath(entry) for entry in sys.path],
            "module": settings.module,
            "memory_mb": settings.memory_mb,
            "deadline_seconds": settings.deadline_seconds,
        }
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(PROGRAM), json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment | {"PYTHONHASHSEED": "0"},  # what iterates over a set does so alike in every run
            start_new_session=True,  # a Ctrl-C in the terminal is not for it
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests, self._replies = self._process.stdin, self._process.stdout
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)
        self._unread = bytearray()
        self._starting = threading.Lock()
        self.is_ready = False
        self.is_at_work = False

    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> str | None:
        """Return None when the worker can be asked, or why it never will."""
        with self._starting:
            if self.is_ready:
                return None
            line = self._line(START_SECONDS)
            if line is None:
                return f"not ready after {START_SECONDS:.0f} s"
            said = json.loads(line) if line else {"failed": f"ended with status {self._process.wait()}"}
            self.is_ready = "ready" in said
            return said.get("failed")

    def answer(self, requests: Sequence[bytes]) -> Iterator[Outcome]:
        """Return outcomes of encoded requests in order, to and including the first that costs the worker its life."""
        self.is_at_work = True
        taken = time.monotonic()
        try:
            self._write(b"[" + b",".join(requests) + b"]\n")
            taken = time.monotonic()
            for _ in requests:
                line = self._line(self._patience)
                now = time.monotonic()
                if not line:
                    yield Outcome(None, "timeout" if line is None else self._cause_of_death(), now - taken)
                    return
                reply = json.loads(line)
                yield Outcome(reply.get("value"), reply.get("error"), now - taken)
                taken = now
        except BrokenPipeError:
            yield Outcome(None, self._cause_of_death(), time.monotonic() - taken)
            return
        self.is_at_work = False

    def _cause_of_death(self) -> Failure:
        status = self._process.wait()
        if status == OUT_OF_MEMORY:
            return "memory"
        return "timeout" if status == -signal.SIGPROF else "crashed"

    def _write(self, data: bytes) -> None:
        # The worker reads a whole line before it replies, so neither side can wait for the other to read.
        left = memoryview(data)
        while left:
            left = left[os.write(self._requests.fileno(), left) :]

    def _line(self, seconds: float) -> bytes | None:
        """Return the next line of replies; empty at their end, None if it takes longer than `seconds`."""
        end = time.monotonic() + seconds
        while b"\n" not in self._unread:
            # Looks once more when time is up: it may have run out while this process was not running.
            if not self._poll.poll(max(0.0, end - time.monotonic()) * 1000):
                return None
            data = os.read(self._replies.fileno(), 1 << 16)
            if not data:
                return b""
            self._unread += data
        line, _, rest = self._unread.partition(b"\n")
        self._unread = rest
        return bytes(line)

    def end(self) -> None:
        """End the process, and leave no zombie."""
        self._process.kill()
        self._process.wait()

    def let_go(self) -> None:
        """Close this process's ends of the pipes; an idle worker ends when nobody else holds them."""
        self._requests.close()
        self._replies.close()
