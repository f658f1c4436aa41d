"""Intervals by resampling problems with replacement (Efron's percentile bootstrap), as one matrix product."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

RESAMPLES = 1000
LEVEL = 0.95
SEED = 0

_BLOCK = 1_000_000
"""Draws that are held in memory at once."""


def ratio(numerators: Float[ndarray, "N M"], denominators: Float[ndarray, "N M"]) -> float | None:
    """Return the mean over M groups of sum(numerators) / sum(denominators); None if a group's denominators are 0.

    A row is a problem. A mean is the case of one group and denominators of 1.

    Example: `ratio(np.array([[1.0], [0.0]]), np.ones((2, 1))) == 0.5`
    """
    totals = denominators.sum(axis=0)
    return float(np.mean(numerators.sum(axis=0) / totals)) if totals.size and (totals > 0).all() else None


def interval(
    numerators: Float[ndarray, "N M"], denominators: Float[ndarray, "N M"], resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float] | None:
    """Return the 95 % interval of `ratio` over resampled problems; None for fewer than two problems.

    The same numbers always give the same interval. Resamples in which a group has nothing to divide by are left out.
    It has no width where all problems have the same value, and is too narrow for a handful of problems.
    """
    problems = len(numerators)
    if problems < 2:
        return None
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK // problems)
    values = [
        _resample(numerators, denominators, min(block, resamples - start), generator)
        for start in range(0, resamples, block)
    ]
    finite = np.concatenate(values)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return None
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _resample(
    numerators: Float[ndarray, "N M"], denominators: Float[ndarray, "N M"], rows: int, generator: np.random.Generator
) -> Float[ndarray, " B"]:
    problems = len(numerators)
    draws = generator.integers(0, problems, (rows, problems)) + problems * np.arange(rows)[:, None]
    weights = np.bincount(draws.ravel(), minlength=rows * problems).reshape(rows, problems).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.mean((weights @ numerators) / (weights @ denominators), axis=1)
