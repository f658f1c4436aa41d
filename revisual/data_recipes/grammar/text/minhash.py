"""MinHash (Broder, 1997): short signatures whose agreement estimates how much two sets have in common."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from revisual.core.errors import UserError

_HALF = np.uint64(32)
_MIX = np.uint64(0xFF51AFD7ED558CCD)


@dataclass(frozen=True)
class MinHash:
    """Signatures in bands: sets that agree in one whole band are candidates.

    Two sets of Jaccard similarity s meet in at least one band with probability 1 - (1 - s^rows)^bands.

    Example: `MinHash(bands=32, rows=4).probability(0.7) > 0.99`
    """

    bands: int = 32
    """How many bands a signature has; more of them find pairs that are less alike."""
    rows: int = 4
    """Hashes in a band; more of them find fewer pairs that are not alike."""
    seed: int = 0
    """Of the hash functions."""

    def __post_init__(self) -> None:
        if self.bands < 1 or self.rows < 1:
            raise UserError("MinHash: bands and rows must be at least 1")

    def probability(self, similarity: float) -> float:
        """Return the probability of being candidates."""
        return 1 - (1 - similarity**self.rows) ** self.bands

    @cached_property
    def _functions(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        drawn = np.random.default_rng(self.seed).integers(0, 2**64, (2, self.bands * self.rows), dtype=np.uint64)
        return drawn[0] | np.uint64(1), drawn[1]

    def signature(self, members: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return the smallest value of each hash function over a set's members: [bands * rows]."""
        factors, offsets = self._functions
        if not len(members):
            return np.zeros(self.bands * self.rows, dtype=np.uint64)
        return np.asarray(((members[:, None] * factors + offsets) >> _HALF).min(axis=0))

    def keys(self, members: NDArray[np.uint64], salt: int = 0) -> NDArray[np.uint64]:
        """Return one number per band [bands]; sets of different `salt` never meet."""
        rows = self.signature(members).reshape(self.bands, self.rows)
        mixed = np.full(self.bands, salt, dtype=np.uint64)
        for row in rows.T:
            mixed = (mixed ^ row) * _MIX
            mixed ^= mixed >> _HALF
        return mixed
