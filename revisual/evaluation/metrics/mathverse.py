"""MathVerse's overall figure (README of ZrrSkywalker/MathVerse): the mean over the five versions with pictures."""

from collections.abc import Sequence

from revisual.evaluation.metrics.figures import Figure
from revisual.evaluation.metrics.problems import Problem, ratio_figure
from revisual.evaluation.metrics.standard import mean_score

VERSIONS = ("Text Dominant", "Text Lite", "Vision Intensive", "Vision Dominant", "Vision Only")
"""Text Only, the sixth, has no picture; it is an ablation and never part of the overall figure."""


def version_mean(problems: Sequence[Problem]) -> Figure:
    """Return the mean of the accuracies of those of the five versions that were asked; of all questions if none was.

    Intervals resample problems with all their versions.
    """
    asked = {str(problem.fields["problem_version"]) for problem in problems}
    versions = [version for version in VERSIONS if version in asked]
    if not versions:
        return mean_score(problems)
    scores: dict[str, dict[str, float]] = {}
    for problem in problems:
        row = scores.setdefault(str(problem.fields["problem_index"]), {})
        row[str(problem.fields["problem_version"])] = problem.score
    rows = [row for row in scores.values() if row.keys() & set(versions)]
    return ratio_figure(
        "mean_of_versions",
        [[row.get(version, 0.0) for version in versions] for row in rows],
        [[float(version in row) for version in versions] for row in rows],
    )
