"""Ctrl-C and a polite request to end, as an exception that a command can clean up after."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """The process was asked to stop.

    It is no `Exception`, as KeyboardInterrupt is none: `except Exception` around the faults of data, models and
    libraries must not take it for one of them.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.signal = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM within the block into `Interrupted`. Only for the main thread."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    with handling_signals(stop):
        yield


@contextmanager
def handling_signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have a function called at Ctrl-C and SIGTERM within the block. Only for the main thread."""
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
