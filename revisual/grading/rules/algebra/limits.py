"""What computer algebra may cost: bounds on what is built, and a share of the deadline of a worker process."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

MAX_SECONDS = 0.25
"""Of processor time for one response, where a worker process sets a deadline."""
SHARE = 0.5
"""Of what is left until the deadline."""
MAX_NODES = 150
"""Of both formulas together."""


class OutOfTime(BaseException):
    """The algebra of one response took its share of the deadline; no library takes it for an error of its own."""


@contextmanager
def limit_time() -> Iterator[None]:
    """Bound the time of what runs inside by a share of the deadline of the worker process that it runs in.

    Where no deadline is set, or in another thread than the main one, there is no bound but that on what is built.

    Raises:
        OutOfTime: the share is spent.
    """
    left = signal.getitimer(signal.ITIMER_PROF)[0] if threading.current_thread() is threading.main_thread() else 0.0
    if left <= 0:
        yield
        return
    previous = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, min(MAX_SECONDS, SHARE * left))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)


def _stop(number: int, frame: FrameType | None) -> None:
    raise OutOfTime
