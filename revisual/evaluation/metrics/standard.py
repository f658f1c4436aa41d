"""The figures that every benchmark has: the mean, repeats, shares by field, and those by the original golds."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from revisual.data.sample import Sample
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.cleaning import ORIGINAL_GOLD
from revisual.evaluation.metrics.figures import Figure, Metrics, counts
from revisual.evaluation.metrics.problems import Problem, by_field, gather, mean_figure
from revisual.evaluation.metrics.repeats import Equal, repeat_figures
from revisual.grading.grader import Grader, grade_response

Headline = Callable[[Sequence[Problem]], Figure]
Unwrap = Callable[[str], str]


def mean_score(problems: Sequence[Problem]) -> Figure:
    """Return `pass@1` for single answers, `avg@n` for n: the mean over problems of the mean over their answers."""
    most = max((len(problem.answers) for problem in problems), default=1)
    return mean_figure("pass@1" if most == 1 else f"avg@{most}", [problem.score for problem in problems])


def standard_metrics(
    name: str,
    answers: Sequence[ScoredAnswer],
    grader: Grader,
    by: Sequence[str] = (),
    headline: Headline = mean_score,
    others: Callable[[Sequence[Problem]], Sequence[Figure]] = lambda problems: (),
    unwrap: Unwrap = lambda response: response,
) -> Metrics:
    """Return all figures of a benchmark.

    Args:
        name: of the benchmark.
        answers: to its questions, any number for each.
        grader: says which answers are equal, and grades again where golds were cleaned.
        by: the fields to split the mean score by.
        headline: the figure that papers report, of the problems.
        others: further figures of the benchmark's own.
        unwrap: as `Benchmark.unwrap`.
    """
    problems = gather(answers)
    top = headline(problems)
    figures = [figure for figure in (mean_score(problems), *others(problems)) if figure.name != top.name]
    for field in by:
        figures += by_field(field, problems, lambda problem: problem.score)
    figures += repeat_figures(problems, lambda answer: equal_answers(grader, answer))
    if any(ORIGINAL_GOLD in answer.fields for answer in answers):
        uncleaned = headline(gather(by_original_golds(answers, grader, unwrap)))
        figures.append(replace(uncleaned, name=f"original_golds/{uncleaned.name}"))
    return Metrics(name, top, tuple(figures), counts(answers))


def equal_answers(grader: Grader, answer: ScoredAnswer) -> Equal:
    """Return the relation that tells which answers to the same question are equal."""
    sample = sample_of(answer)
    return lambda a, b: grader.equal(a, b, sample)


def by_original_golds(answers: Sequence[ScoredAnswer], grader: Grader, unwrap: Unwrap) -> list[ScoredAnswer]:
    """Return the answers, graded again where the gold answer was cleaned, by the one that the benchmark has."""
    return [_regrade(answer, grader, unwrap) if ORIGINAL_GOLD in answer.fields else answer for answer in answers]


def sample_of(answer: ScoredAnswer) -> Sample:
    """Return the question as a grader may see it."""
    return Sample(answer.item_id, answer.question, answer.gold, choices=answer.choices)


def _regrade(answer: ScoredAnswer, grader: Grader, unwrap: Unwrap) -> ScoredAnswer:
    if answer.is_failed:
        return answer
    gold = str(answer.fields[ORIGINAL_GOLD])
    grade = grade_response(grader, unwrap(answer.response), gold, sample_of(answer), answer.truncated)
    return replace(answer, score=grade.score, error=grade.error)
