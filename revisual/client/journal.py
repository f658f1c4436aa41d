"""Answers on disk, each written as it arrives: what a later call finds again, whatever ended the one before."""

import json
import logging
import os
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from revisual.core.errors import UserError
from revisual.core.files import sync_folder

try:
    import fcntl
except ImportError:  # Windows: two calls at once on one file are then not noticed
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

FAILED = "failed"
"""The finish reason of a request that got no answer."""
SYNC_SECONDS = 1.0


@dataclass(frozen=True)
class Record:
    """One line: an answer, or why there is none.

    Example: `Record("0f3a...", "aime24/60", 0, seed=7, response="It is 42.", finish_reason="stop")`
    """

    key: str
    """Of `ChatRequest.key`."""
    id: str
    sample_index: int
    seed: int
    response: str
    finish_reason: str
    """"stop", "length", "failed", or what else the server says; empty where it says nothing."""
    error: str | None = None
    """Why the request failed."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    """From the first attempt to the answer."""
    attempts: int = 1

    @property
    def is_failed(self) -> bool:
        """There is no answer; a later call asks again."""
        return self.finish_reason == FAILED


Records = Generator[Record, None, None]
"""Records as they arrive. Closing it ends what makes them, which must happen before their journal is closed."""

_NAMES = {one.name for one in fields(Record)}


class Journal:
    """A file of records that only grows, for use in `with`; one process at a time.

    Each line reaches the system before anything else is done with it, so that a killed process loses none, and the
    disk once a second, so that a power cut loses no more than that. A line that was cut in two is cut off on opening.

    Example: `with Journal(Path("answers/aime24.jsonl")) as journal: journal.find(key)`
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[bytes, int] = {}
        self._synced = time.monotonic()

    def __enter__(self) -> "Journal":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file: BinaryIO = self.path.open("a+b")
        except OSError as error:
            raise UserError(f"{self.path}: cannot be written: {error.strerror}") from error
        try:
            self._lock()
            sync_folder(self.path.parent)  # the file may be a new one
            self._read()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._sync()
            self._file.close()
        except OSError as failed:  # what a full disk did not take is tried once more, and fails again
            raise UserError(f"{self.path}: cannot be written: {failed.strerror}") from failed

    def __len__(self) -> int:
        return len(self._places)

    def find(self, key: str) -> Record | None:
        """Return the answer with a key; None if there is none yet, or only failures."""
        place = self._places.get(bytes.fromhex(key))
        if place is None:
            return None
        with self.path.open("rb") as file:
            file.seek(place)
            return _record(file.readline())

    def append(self, record: Record) -> None:
        """Add a line. To be called from one thread at a time.

        Raises:
            UserError: the disk takes no more.
        """
        place = self._end
        line = json.dumps(asdict(record), ensure_ascii=False).encode() + b"\n"
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise UserError(f"{self.path}: cannot be written: {error.strerror}") from error
        self._end += len(line)
        if not record.is_failed:
            self._places[bytes.fromhex(record.key)] = place
        if time.monotonic() - self._synced > SYNC_SECONDS:
            self._sync()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"{self.path}: another process is writing it") from error

    def _read(self) -> None:
        """Find the answers, and repair the end."""
        self._file.seek(0)
        self._end = 0
        broken = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                log.warning("%s: the last line was cut in two and is dropped", self.path)
                self._file.truncate(self._end)
                break
            record = _record(line)
            if record is None:
                broken += 1
            elif not record.is_failed:
                self._places[bytes.fromhex(record.key)] = self._end
            self._end += len(line)
        if broken:
            log.warning("%s: %d lines are no answers and are passed over", self.path, broken)


def read_journal(path: Path) -> Iterator[Record]:
    """Yield all records of a file, in the order in which they were written; broken lines are passed over."""
    with path.open("rb") as file:
        for line in file:
            record = _record(line)
            if record is not None:
                yield record


def _record(line: bytes) -> Record | None:
    try:
        values: Any = json.loads(line)
        record = Record(**{name: value for name, value in values.items() if name in _NAMES})
        bytes.fromhex(record.key)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    texts = (record.id, record.response, record.finish_reason)
    return record if all(isinstance(text, str) for text in texts) and isinstance(record.sample_index, int) else None
