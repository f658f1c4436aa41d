"""One budget for several servers."""

from dataclasses import dataclass, field
from threading import Lock

from revisual.client.budget import Budget


@dataclass
class SharedBudget(Budget):
    """A budget that clients in different threads share, and never exceed together.

    Example: `SharedBudget(max_requests=1000)`
    """

    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def take(self) -> None:  # noqa: D102
        with self._lock:
            super().take()

    def pay(self, tokens: int) -> None:  # noqa: D102
        with self._lock:
            super().pay(tokens)
