"""The contract of a rule."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from revisual.core.ranges import Ranged
from revisual.data.sample import Sample


class Rule(Ranged, ABC):
    """Says of samples whether they may stay. Implemented as frozen dataclasses."""

    @abstractmethod
    def __call__(self, samples: Sequence[Sample]) -> list[str | None]:
        """Return for each sample why it is dropped, in a few words that counts go by; None if it stays."""
