"""Groups of things of which some are the same as others."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


class UnionFind:
    """Disjoint groups of the numbers below `size`; a group goes by its smallest number."""

    def __init__(self, size: int) -> None:
        self._parents = np.arange(size)

    def find(self, one: int) -> int:
        """Return the smallest number of the group of one."""
        parents = self._parents
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = int(parents[one])
        return int(one)

    def join(self, one: int, other: int) -> None:
        """Merge the groups of two numbers."""
        a, b = self.find(one), self.find(other)
        self._parents[max(a, b)] = min(a, b)


def buckets(keys: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    """Yield the places, ascending, of each key that is there more than once.

    Example: `[list(b) for b in buckets(np.array([7, 9, 7], dtype=np.uint64))] == [[0, 2]]`
    """
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    edges = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1], [True]]))
    for start, end in pairwise(edges):
        if end - start > 1:
            yield order[start:end]
