"""Problems that belong together, such as the variants of one question."""

from collections.abc import Sequence

from revisual.evaluation.metrics.problems import Problem

Family = dict[int, dict[str, float]]
"""For each sample index the scores of the family's members, by name: only those on which there is a verdict."""


def families(problems: Sequence[Problem], family: str, member: str) -> dict[str, Family]:
    """Return the problems by two of their fields: which family they belong to, and which member they are.

    By `qid` and `variant`, the entry "475" holds for sample 0 e.g. `{"1": 1.0, "2": 0.0}`.
    """
    found: dict[str, Family] = {}
    for problem in problems:
        runs = found.setdefault(str(problem.fields[family]), {})
        for answer in problem.answers:
            runs.setdefault(answer.sample_index, {})[str(problem.fields[member])] = answer.score
    return found
