"""Answers gathered by problem, and shares over problems."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from revisual.core.wilson import wilson
from revisual.evaluation.answers import FieldValue, ScoredAnswer
from revisual.evaluation.metrics.bootstrap import interval, ratio
from revisual.evaluation.metrics.figures import Figure


@dataclass(frozen=True)
class Problem:
    """A problem with those of its answers on which there is a verdict, at least one."""

    id: str
    fields: Mapping[str, FieldValue]
    answers: tuple[ScoredAnswer, ...]
    """By sample index."""

    @property
    def score(self) -> float:
        """The mean score of its answers: an unbiased estimate of the chance that one answer is right (pass@1)."""
        return sum(answer.score for answer in self.answers) / len(self.answers)


def gather(answers: Iterable[ScoredAnswer]) -> list[Problem]:
    """Return the problems, in order of their first answer; one without any verdict is left out."""
    by_id: dict[str, list[ScoredAnswer]] = {}
    for answer in answers:
        if answer.is_decided:
            by_id.setdefault(answer.item_id, []).append(answer)
    return [
        Problem(id, group[0].fields, tuple(sorted(group, key=lambda answer: answer.sample_index)))
        for id, group in by_id.items()
    ]


def mean_figure(name: str, values: Sequence[float]) -> Figure:
    """Return the mean of one value per problem.

    Example: `mean_figure("accuracy", [1.0, 0.0]).value == 0.5`
    """
    return ratio_figure(name, [[value] for value in values], [[1.0]] * len(values))


def ratio_figure(name: str, numerators: Sequence[Sequence[float]], denominators: Sequence[Sequence[float]]) -> Figure:
    """Return the mean over groups of a ratio of sums over problems, as in `bootstrap.ratio`; a row is a problem."""
    if not numerators:
        return Figure(name, None, 0)
    tops, bottoms = np.array(numerators, dtype=np.float64), np.array(denominators, dtype=np.float64)
    value, problems = ratio(tops, bottoms), len(numerators)
    low, high = _bounds(tops, bottoms, value) or (None, None)
    return Figure(name, value, problems, low, high)


def _bounds(
    tops: Float[ndarray, "N M"], bottoms: Float[ndarray, "N M"], value: float | None
) -> tuple[float, float] | None:
    """Return a 95 % interval: Wilson's of a plain share and where resampling finds no spread, else the bootstrap's."""
    problems = len(tops)
    if problems < 2 or value is None:
        return None
    if tops.shape[1] == 1 and np.isin(tops, (0.0, 1.0)).all() and (bottoms == 1.0).all():
        return wilson(float(tops.sum()), problems)
    found = interval(tops, bottoms)
    return found if found is None or found[0] < found[1] else wilson(min(1.0, max(0.0, value)) * problems, problems)


def by_field(name: str, problems: Sequence[Problem], values: Callable[[Problem], float]) -> list[Figure]:
    """Return the mean of `values` for each value of a field; a problem with a list of values counts in each of them.

    Example: names are `level/1`, `level/2`, ...; problems without the field are left out.
    """
    groups: dict[str, list[float]] = {}
    for problem in problems:
        found = problem.fields.get(name)
        for one in found if isinstance(found, list | tuple) else [found]:
            if one is not None:
                groups.setdefault(str(one), []).append(values(problem))
    return [mean_figure(f"{name}/{value}", groups[value]) for value in sorted(groups, key=_numbers_in_order)]


def _numbers_in_order(text: str) -> tuple[float, str]:
    return (float(text) if text.isdecimal() else float("inf"), text)
