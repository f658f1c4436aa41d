"""DynaMath's two figures (Zou et al., 2024, section 4): the average over all variants, and the worst case."""

from collections.abc import Sequence

from revisual.evaluation.metrics.families import families
from revisual.evaluation.metrics.figures import Figure
from revisual.evaluation.metrics.problems import Problem, ratio_figure

VARIANTS = 10


def average(problems: Sequence[Problem]) -> Figure:
    """Return the mean over all variants. Intervals resample questions: the variants of one are not independent."""
    questions = families(problems, "qid", "variant").values()
    scores = [[score for run in question.values() for score in run.values()] for question in questions]
    return ratio_figure("average", [[sum(ones)] for ones in scores], [[float(len(ones))] for ones in scores])


def worst_case(problems: Sequence[Problem], variants: int = VARIANTS) -> Figure:
    """Return the share of questions with all variants right, in one run over them; over several runs, their mean.

    A question counts only in runs with a verdict on all its variants.
    """
    rows = []
    for question in families(problems, "qid", "variant").values():
        complete = [run for run in question.values() if len(run) >= variants]
        if complete:
            rows.append((float(sum(min(run.values()) == 1.0 for run in complete)), float(len(complete))))
    return ratio_figure("worst_case", [[right] for right, _ in rows], [[runs] for _, runs in rows])
