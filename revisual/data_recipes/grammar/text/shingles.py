"""Runs of tokens as numbers, for sets that are compared and looked up."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

_FACTORS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
_SHIFT = np.uint64(29)


def token_ids(tokens: Sequence[str]) -> NDArray[np.uint64]:
    """Return a number per token [T], the same on every machine."""
    return np.fromiter((crc32(token.encode()) for token in tokens), dtype=np.uint64, count=len(tokens))


def runs(ids: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Return a number per run of `length` tokens [T - length + 1]; `length` is 1 to 3.

    Example: `len(runs(token_ids(["a", "b", "c"]), 2)) == 2`
    """
    count = max(0, len(ids) - length + 1)
    mixed = np.full(count, length, dtype=np.uint64)
    for place in range(length):
        mixed = (mixed ^ ids[place : place + count]) * _FACTORS[place]
        mixed ^= mixed >> _SHIFT
    return mixed


def shingles(tokens: Sequence[str], lengths: Sequence[int]) -> NDArray[np.uint64]:
    """Return the distinct runs of the given lengths in a text with its ends marked."""
    ids = token_ids(["^", *tokens, "$"])
    return np.unique(np.concatenate([runs(ids, length) for length in lengths]))
