"""Which thoughts are worth learning from."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from revisual.core.errors import UserError
from revisual.core.ranges import NonNegativeInt, PositiveInt, Ranged, check_order
from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader, Grader
from revisual.grading.requirements import REWARDS, VALUE_ALONE
from revisual.grading.rules.boxes import boxed_contents


@dataclass(frozen=True)
class Candidate:
    r"""A sample, and the thoughts that it may get.

    Example: `Candidate(sample, "<think>The description says 3.</think>\boxed{3}", "The image shows 3.")`
    """

    sample: Sample
    response: str
    """The text reasoner's whole reply."""
    thoughts: str
    """Taken from it, and rewritten."""


class Filter(Ranged, ABC):
    """Says what is wrong with a candidate. Implemented as frozen dataclasses."""

    is_mendable: bool = False
    """Whether a model that rewrites the thoughts may put it right."""

    @abstractmethod
    def __call__(self, candidate: Candidate) -> str | None:
        """Tell what is wrong, in a few words; None if nothing is."""


@dataclass(frozen=True)
class RightAnswer(Filter):
    """The reply's answer is the gold answer, by the project's rules, and meets all that rewards require."""

    grader: Grader = field(default_factory=lambda: AnswerGrader(requirements=REWARDS))
    """Decides which answer is right."""

    def __call__(self, candidate: Candidate) -> str | None:
        """Tell a wrong answer from one on which there is no verdict."""
        grade = self.grader(candidate.response, candidate.sample.answer, candidate.sample)
        if grade.error is not None:
            return f"no verdict: {grade.error}"
        return None if grade.score == 1.0 else ("wrong answer" if grade.extracted else "no answer")


@dataclass(frozen=True)
class ConsistentThoughts(Filter):
    """Thoughts that box an answer box the gold one: those that argue for another contradict their end.

    Nothing but the value is compared: thoughts may box a step that is still to be worked out.
    """

    grader: Grader = field(default_factory=lambda: AnswerGrader(requirements=VALUE_ALONE))
    """Decides which answer is right."""

    def __call__(self, candidate: Candidate) -> str | None:
        """Look at thoughts with a box alone."""
        if not boxed_contents(candidate.thoughts):
            return None
        grade = self.grader(candidate.thoughts, candidate.sample.answer, candidate.sample)
        return None if grade.score == 1.0 else "the thoughts box another answer"


@dataclass(frozen=True)
class ThoughtLength(Filter):
    """Thoughts of a length in characters; tokens are the data module's to count, with the policy's own tokenizer.

    Args:
        least: characters.
        most: characters; 16,384 tokens of English are about 60,000.
    """

    least: NonNegativeInt = 100
    most: PositiveInt = 60_000

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order(self, "least", "most")

    def __call__(self, candidate: Candidate) -> str | None:
        """Compare."""
        length = len(candidate.thoughts)
        return "too short" if length < self.least else "too long" if length > self.most else None


@dataclass(frozen=True)
class PlainThoughts(Filter):
    """No tags of thoughts or answers and no special tokens, which would end the thoughts or stand for a picture."""

    def __call__(self, candidate: Candidate) -> str | None:
        """Name what it finds."""
        found = re.search(r"</?(?:think|answer)>|<\|\w+\|>", candidate.thoughts)
        return None if found is None else f"holds {found[0]}"


@dataclass(frozen=True)
class SpeaksOfThePicture(Filter):
    """No talk of a description in the picture's place, nor of a picture that cannot be seen.

    Args:
        pattern: a regular expression, whatever the case, for what must not be there.
    """

    is_mendable = True
    pattern: str = (
        r"\b(?:image|picture|figure|diagram|graph|chart|scene|the|this|that|provided|given|textual|your) "
        r"(?:descriptions?|captions?)\b"
        r"|\b(?:user|prompt|text|question|problem) (?:describe[sd]?|description)\b"
        r"|\b(?:textual|text-only) (?:information|input)\b"
        r"|\b(?:can't|cannot|can not|couldn't|unable to|not able to) (?:actually |directly )?"
        r"(?:see|view|look at|access) (?:the|this|an|any) (?:image|picture|figure|diagram|graph|chart)\b"
        r"|\bwithout (?:seeing|the) (?:the )?(?:actual )?(?:image|picture|figure|diagram)\b"
        r"|\b(?:image|picture|figure|diagram) (?:isn't|is not|wasn't|was not) (?:provided|given|available|visible)\b"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise UserError(f"SpeaksOfThePicture: {self.pattern!r} is no regular expression: {error}") from error

    def __call__(self, candidate: Candidate) -> str | None:
        """Quote the first place."""
        found = re.search(self.pattern, candidate.thoughts, re.I)
        return None if found is None else f"speaks of {found[0].lower()!r}"
