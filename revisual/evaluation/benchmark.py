"""The contract of a benchmark: its questions, its prompt, its own scoring and its metrics."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from revisual.core.ranges import Ranged
from revisual.data.sample import Sample
from revisual.evaluation.answers import FieldValue, ScoredAnswer
from revisual.evaluation.cleaning import ORIGINAL_GOLD
from revisual.evaluation.metrics.figures import Figure, Metrics
from revisual.evaluation.metrics.problems import Problem
from revisual.evaluation.metrics.standard import mean_score
from revisual.evaluation.presets import Preset
from revisual.grading.grader import Grader


@dataclass(frozen=True)
class Item:
    """One question of a benchmark.

    Example: `Item(Sample("4", "How many digits?", "6"), {"level": 1, "subject": "counting"})`
    """

    sample: Sample
    """Its id is unique in the benchmark; its answer is the gold answer, cleaned where the original is known dirty."""
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    """What the metrics group by and the official scoring reads; goes into `ScoredAnswer.fields` as it is."""


class Benchmark(Ranged, ABC):
    """Questions and how answers to them are counted. Implemented as frozen dataclasses."""

    name: str

    @abstractmethod
    def items(self, root: Path | None) -> Iterator[Item]:
        """Return the questions, read as they are asked for, from a folder of data or, without one, from the hub.

        Raises:
            UserError: the data is missing or bad; names the place.
        """

    @abstractmethod
    def prompt(self, item: Item, preset: Preset) -> str:
        """Return the user's text, which goes after the pictures: the official prompt, and the preset's suffix."""

    def unwrap(self, response: str) -> str:
        """Return the text to grade: the response, or the answer in it if it keeps to an official format.

        Only for formats that no grader could know, such as DynaMath's JSON. A response in another form is unchanged.
        """
        return response

    def official_score(self, answer: ScoredAnswer) -> float | None:
        """Score by the benchmark's own rules, faults included; None where those need a language model.

        Needs of the answer: response, extracted, gold, fields, choices.
        """
        return None

    def headline(self, problems: Sequence[Problem]) -> Figure:
        """Return the figure that papers report; the mean score unless the benchmark has another."""
        return mean_score(problems)

    @abstractmethod
    def metrics(self, answers: Sequence[ScoredAnswer], grader: Grader) -> Metrics:
        """Return all figures, from any number of answers per question.

        Args:
            answers: those to this benchmark; failed and undecided ones are counted apart, never as wrong.
            grader: for majority votes (which answers are equal) and for the figures by the original golds.
        """


def under_official_rules(benchmark: Benchmark, answers: Sequence[ScoredAnswer]) -> list[ScoredAnswer]:
    """Return the answers with the official score as their score; "no_official_rule" is the error where there is none.

    The official rules go by the original golds, so that figures by these are no longer apart.
    """
    return [answer if answer.is_failed else _officially(answer, benchmark.official_score(answer)) for answer in answers]


def _officially(answer: ScoredAnswer, score: float | None) -> ScoredAnswer:
    fields = {name: value for name, value in answer.fields.items() if name != ORIGINAL_GOLD}
    error = "no_official_rule" if score is None else None
    return replace(answer, score=score or 0.0, error=error, fields=fields)
