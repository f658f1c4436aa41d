"""Several answers per problem: pass@k and majority votes."""

from collections.abc import Callable, Sequence

from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.metrics.figures import Figure
from revisual.evaluation.metrics.problems import Problem, mean_figure

Equal = Callable[[str, str], bool]


def pass_at_k(n: int, right: int, k: int) -> float:
    """Return the chance that k of n answers, drawn without replacement, hold a right one.

    As a product of ratios below 1, which neither overflows nor cancels (Chen et al., 2021, section 2.1).

    Example: `pass_at_k(4, 1, 2) == 0.5`

    Raises:
        ValueError: k is not between 1 and n, or `right` not between 0 and n.
    """
    if not (1 <= k <= n and 0 <= right <= n):
        raise ValueError(f"pass@{k} of {n} answers, {right} of them right")
    none_right = 1.0
    for wrong in range(n - right + 1, n + 1):
        none_right *= max(0.0, 1.0 - k / wrong)
    return 1.0 - none_right


def classes(answers: Sequence[str], equal: Equal) -> list[int]:
    """Return for each answer the number of its class of equals, by the class's first member; -1 for no answer.

    Example: `classes(["1/2", "", "0.5", "2"], equal) == [0, -1, 0, 1]`
    """
    firsts: list[str] = []
    found: dict[str, int] = {"": -1}
    for answer in answers:
        if answer not in found:
            same = (number for number, first in enumerate(firsts) if equal(first, answer))
            number = next(same, len(firsts))
            if number == len(firsts):
                firsts.append(answer)
            found[answer] = number
    return [found[answer] for answer in answers]


def majority_score(labels: Sequence[int], scores: Sequence[float]) -> float:
    """Return the score of the largest class; of several as large, their mean: each is as likely to be picked.

    A class's own score is the mean over its members. Without any answer, 0.

    Example: `majority_score([0, 0, 1, 1, -1], [1.0, 1.0, 0.0, 0.0, 0.0]) == 0.5`
    """
    votes: dict[int, list[float]] = {}
    for label, score in zip(labels, scores, strict=True):
        if label >= 0:
            votes.setdefault(label, []).append(score)
    if not votes:
        return 0.0
    most = max(map(len, votes.values()))
    tied = [sum(group) / most for group in votes.values() if len(group) == most]
    return sum(tied) / len(tied)


def repeat_figures(problems: Sequence[Problem], equal: Callable[[ScoredAnswer], Equal]) -> list[Figure]:
    """Return pass@k and maj@k for the powers of two up to the number of answers, and for that number; none for 1.

    A problem with fewer than k verdicts is left out of the figures for k. maj@k votes among the first k answers.

    Args:
        problems: what is measured.
        equal: for a problem, given as one of its answers, which answers are equal.
    """
    most = max((len(problem.answers) for problem in problems), default=0)
    sizes = sorted({2**power for power in range(1, most.bit_length()) if 2**power <= most} | {most} - {0, 1})
    labels = {
        problem.id: classes([answer.extracted for answer in problem.answers], equal(problem.answers[0]))
        for problem in (problems if sizes else ())
    }
    return [figure for k in sizes for figure in _at(k, [p for p in problems if len(p.answers) >= k], labels)]


def _at(k: int, problems: Sequence[Problem], labels: dict[str, list[int]]) -> list[Figure]:
    scores = {problem.id: [answer.score for answer in problem.answers] for problem in problems}
    passed = [pass_at_k(len(ones), sum(score == 1.0 for score in ones), k) for ones in scores.values()]
    voted = [majority_score(labels[id][:k], ones[:k]) for id, ones in scores.items()]
    return [mean_figure(f"pass@{k}", passed), mean_figure(f"maj@{k}", voted)]
