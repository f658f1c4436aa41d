"""Recorded answers, made short."""

from dataclasses import dataclass

from revisual.data.sample import Sample
from revisual.evaluation.answers import FAILED, ScoredAnswer
from revisual.grading.grader import Grade, Grader
from revisual.grading.response import Question, equal, extract, judge


def answer(id, score, index=0, extracted=None, **fields):
    """An answer with a verdict; what it says is its score unless told."""
    said = str(score) if extracted is None else extracted
    return ScoredAnswer("b", id, index, rf"\boxed{{{said}}}", "stop", said, "boxed/x", float(score), fields=fields)


def failed(id, index=0, **fields):
    return ScoredAnswer("b", id, index, "", FAILED, "", "none", 0.0, "request: 500", fields)


def undecided(id, index=0, **fields):
    return ScoredAnswer("b", id, index, "?", "stop", "9^9^9", "boxed/x", 0.0, "timeout", fields)


def figures(metrics):
    """All figures by name, the headline included."""
    return {figure.name: figure for figure in (metrics.headline, *metrics.figures)}


def values(metrics):
    return {name: figure.value for name, figure in figures(metrics).items()}


@dataclass(frozen=True)
class Textual(Grader):
    """What stands in the box, compared as text."""

    def __call__(self, response: str, answer: str, sample: Sample | None = None) -> Grade:
        said = self.extract(response, sample)
        return Grade(float(said == answer), said, "boxed/exact")

    def extract(self, response: str, sample: Sample | None = None) -> str:
        return response.partition("boxed{")[2].rpartition("}")[0]

    def equal(self, a: str, b: str, sample: Sample | None = None) -> bool:
        return a == b


@dataclass(frozen=True)
class Judging(Grader):
    """The project's rules, in this process."""

    def __call__(self, response: str, answer: str, sample: Sample | None = None) -> Grade:
        return judge(response, answer, _question(sample))

    def extract(self, response: str, sample: Sample | None = None) -> str:
        return extract(response, _question(sample))

    def equal(self, a: str, b: str, sample: Sample | None = None) -> bool:
        return equal(a, b, _question(sample))


def _question(sample):
    return Question() if sample is None else Question(sample.question, tuple(sample.choices or ()))
