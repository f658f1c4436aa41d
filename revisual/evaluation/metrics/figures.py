"""What is reported: figures with their interval and the number of problems behind them, and counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from revisual.evaluation.answers import ScoredAnswer


@dataclass(frozen=True)
class Figure:
    """A share between 0 and 1, measured over problems.

    Example: `Figure("level/3", 0.5, 60, 0.37, 0.63)`
    """

    name: str
    """A slash goes from the field to its value."""
    value: float | None
    """None where nothing was measured."""
    n: int
    """How many problems it is the mean over."""
    low: float | None = None
    high: float | None = None
    """A 95 % interval over problems: Wilson's of a share, else a bootstrap; None where fewer than two were measured."""


@dataclass(frozen=True)
class Counts:
    """How many answers there are, and what became of those that no figure counts."""

    problems: int
    answers: int
    failed: int
    """Requests that got no answer."""
    undecided: int
    """Answers on which no verdict was reached."""
    truncated: int
    """Answers that were cut at the limit of tokens; they are graded all the same."""
    unanswered: int
    """Answers that commit to nothing; they are wrong."""
    whole: int | None = None
    """Problems of the whole benchmark, where only some of them were asked."""

    @property
    def asked(self) -> str:
        """Return the number of problems in words.

        Example: `"24 of 3,040"` where only some were asked, else `"3,040"`
        """
        return f"{self.problems:,}" + (f" of {self.whole:,}" if self.whole is not None else "")


OFFICIAL_RULES, PROJECT_RULES = "official_rules", "project_rules"
"""What stands before the slash in the name of a headline that is counted by the rules that the others are not."""


@dataclass(frozen=True)
class Metrics:
    """The figures of one benchmark."""

    benchmark: str
    headline: Figure
    """The one that papers report."""
    figures: tuple[Figure, ...]
    """All others."""
    counts: Counts

    @property
    def by_other_rules(self) -> Figure | None:
        """The headline counted by the other set of rules, if that has a say."""
        names = (f"{OFFICIAL_RULES}/", f"{PROJECT_RULES}/")
        return next((figure for figure in self.figures if figure.name.startswith(names)), None)


def counts(answers: Sequence[ScoredAnswer]) -> Counts:
    """Count the answers by what became of them."""
    decided = [answer for answer in answers if answer.is_decided]
    failed = sum(answer.is_failed for answer in answers)
    return Counts(
        problems=len({answer.item_id for answer in answers}),
        answers=len(answers),
        failed=failed,
        undecided=len(answers) - failed - len(decided),
        truncated=sum(answer.is_truncated for answer in answers),
        unanswered=sum(not answer.extracted for answer in decided),
    )
