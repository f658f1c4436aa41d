"""How much may be asked."""

from dataclasses import dataclass, field
from threading import Lock

from revisual.core.errors import UserError


class BudgetSpent(UserError):
    """Nothing more may be asked; what was answered is kept."""


@dataclass
class Budget:
    """Counts what is spent, over any number of clients and threads.

    Requests are counted as they are sent, attempts included, and never exceed their limit. Tokens are known when an
    answer is there: those on their way then are still paid for.

    Example: `Budget(max_requests=1000)`
    """

    max_requests: int | None = None
    max_tokens: int | None = None
    """Of prompts and answers together, as the server counts them."""
    requests: int = 0
    tokens: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def take(self) -> None:
        """Count a request before it is sent.

        Raises:
            BudgetSpent: there may be no further one.
        """
        with self._lock:
            if self.max_requests is not None and self.requests >= self.max_requests:
                raise BudgetSpent(f"the budget of {self.max_requests:,} requests is spent; what was answered is kept")
            if self.max_tokens is not None and self.tokens >= self.max_tokens:
                raise BudgetSpent(f"the budget of {self.max_tokens:,} tokens is spent; what was answered is kept")
            self.requests += 1

    def pay(self, tokens: int) -> None:
        """Count the cost of an answer."""
        with self._lock:
            self.tokens += tokens
