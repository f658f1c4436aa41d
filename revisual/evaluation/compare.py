"""Two evaluations on the same questions: whose answers are better, and whether that could be chance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from revisual.core.errors import UserError
from revisual.core.wilson import wilson
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.metrics.bootstrap import interval
from revisual.evaluation.metrics.problems import gather


@dataclass(frozen=True)
class Difference:
    """The mean over common problems of B's score less A's.

    Example: `Difference("aime24", n=30, a=0.4, b=0.5, mean=0.1, low=-0.03, high=0.23, gained=5, lost=2, left_out=0)`
    """

    benchmark: str
    n: int
    """Problems on which both have a verdict."""
    a: float
    b: float
    """Mean scores over these."""
    mean: float
    low: float | None
    high: float | None
    """A 95 % bootstrap interval of the mean difference, over problems; None for a single one.

    Where all differ alike, it leaves room for problems that would not: as many as Wilson's interval has at 0 of `n`.
    """
    gained: int
    lost: int
    """Problems on which B is better, and worse."""
    left_out: int
    """Problems on which only one of them has a verdict."""

    @property
    def is_clear(self) -> bool:
        """0 lies outside the interval."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def compare(a: Iterable[ScoredAnswer], b: Iterable[ScoredAnswer]) -> list[Difference]:
    """Return the paired difference on each benchmark that both have, in A's order.

    Raises:
        UserError: they have no problem in common.
    """
    first, second = _by_benchmark(a), _by_benchmark(b)
    differences = [_difference(name, first[name], second[name]) for name in first if name in second]
    found = [difference for difference in differences if difference is not None]
    if not found:
        raise UserError("the two evaluations have no answered question in common")
    return found


def _by_benchmark(answers: Iterable[ScoredAnswer]) -> dict[str, dict[str, float]]:
    groups: dict[str, list[ScoredAnswer]] = {}
    for answer in answers:
        groups.setdefault(answer.benchmark, []).append(answer)
    return {name: {problem.id: problem.score for problem in gather(group)} for name, group in groups.items()}


def _difference(name: str, a: dict[str, float], b: dict[str, float]) -> Difference | None:
    common = [id for id in a if id in b]
    if not common:
        return None
    scores_a, scores_b = np.array([a[id] for id in common]), np.array([b[id] for id in common])
    difference = scores_b - scores_a
    low, high = _bounds(difference) or (None, None)
    return Difference(
        benchmark=name,
        n=len(common),
        a=float(scores_a.mean()),
        b=float(scores_b.mean()),
        mean=float(difference.mean()),
        low=low,
        high=high,
        gained=int((difference > 0).sum()),
        lost=int((difference < 0).sum()),
        left_out=len(a.keys() ^ b.keys()),
    )


def _bounds(difference: Float[ndarray, " N"]) -> tuple[float, float] | None:
    """Return the interval of a mean difference; None for a single problem."""
    found = interval(difference[:, None], np.ones((len(difference), 1)))
    if found is None or found[0] < found[1]:
        return found
    mean = float(difference.mean())
    reach = wilson(0, len(difference))[1] * (1 + abs(mean))  # some may be no better, and as many worse
    return max(-1.0, mean - reach), min(1.0, mean + reach)


def only_in_one(a: Sequence[ScoredAnswer], b: Sequence[ScoredAnswer]) -> list[str]:
    """Return the benchmarks that only one of the two has."""
    return sorted({answer.benchmark for answer in a} ^ {answer.benchmark for answer in b})
