"""When to try again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from revisual.core.ranges import Count, NonNegativeFloat, check_ranges

MOST_PATIENCE = 600.0
"""Seconds that a server may ask to wait."""


@dataclass(frozen=True)
class Retries:
    """Exponential back-off with jitter: attempts that failed together do not come back together.

    Example: `Retries(attempts=3, first_delay=1.0)` waits 0.5 to 1 s, then 1 to 2 s, then gives up.
    """

    attempts: Count = 6
    """How often a request is sent at most."""
    first_delay: NonNegativeFloat = 1.0
    """Seconds, doubled after each attempt."""
    most_delay: NonNegativeFloat = 60.0
    """Seconds that the delay grows to, unless the server asks for more."""

    def __post_init__(self) -> None:
        check_ranges(self)

    def delay(self, attempt: int, draw: float, retry_after: float | None = None) -> float:
        """Return the seconds to wait after attempt 1, 2, ...; `draw` is a random number in [0, 1).

        Never less than what the server asked for.

        Example: `Retries().delay(3, draw=0.5) == 3.0`
        """
        backoff = min(self.most_delay, self.first_delay * 2 ** (attempt - 1)) * (1 + draw) / 2
        return max(backoff, min(retry_after or 0.0, MOST_PATIENCE))


def retry_after_seconds(header: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, as a number or a date; None if it says neither.

    Example: `retry_after_seconds("2.5") == 2.5`
    """
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            date = parsedate_to_datetime(header)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
        date = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if seconds == seconds else None
