"""The one grader: rewards, the grading of difficulty, votes and evaluation all ask it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from revisual.core.ranges import Count, PositiveInt, Ranged, Within
from revisual.core.signatures import takes
from revisual.data.sample import Sample
from revisual.grading.grade import Grade, describe_verdict
from revisual.grading.requirements import REWARDS, Requirements
from revisual.grading.rules.conventions import DEFAULT, Conventions, list_changes
from revisual.grading.sandbox.pool import Pool, shared_pool
from revisual.grading.sandbox.worker_process import Outcome, PoolSettings

__all__ = ["AnswerGrader", "Grade", "Grader", "TimedGrade", "grade_response", "grade_responses"]

_Request = tuple[str, tuple[str, ...], str, tuple[str, ...], bool | None]
"""Kind, texts, question, choices and whether the response was cut, as `requests.py` takes them."""


class Grader(Ranged, ABC):
    """Judges responses by a gold answer. Never raises, whatever the response holds."""

    @abstractmethod
    def __call__(
        self, response: str, answer: str, sample: Sample | None = None, truncated: bool | None = None
    ) -> Grade:
        """Return the grade of a whole response, thoughts included, given the gold answer.

        Args:
            response: the response.
            answer: the gold answer.
            sample: the question.
            truncated: whether the response was cut at its limit; None where that is unknown.
        """

    @abstractmethod
    def extract(self, response: str, sample: Sample | None = None) -> str:
        """Return the answer that a response commits to; empty if there is none."""

    @abstractmethod
    def equal(self, a: str, b: str, sample: Sample | None = None) -> bool:
        """Return whether two extracted answers are the same answer, for votes; False where that cannot be decided."""

    def grade_all(
        self, responses: Sequence[str], samples: Sequence[Sample], truncated: Sequence[bool | None] | None = None
    ) -> list[Grade]:
        """Grade responses in their order; response i answers sample i, and was cut or not (None: unknown)."""
        cut = [None] * len(responses) if truncated is None else truncated
        rows = zip(responses, samples, cut, strict=True)
        return [grade_response(self, response, sample.answer, sample, is_cut) for response, sample, is_cut in rows]


def grade_response(grader: Grader, response: str, answer: str, sample: Sample | None, truncated: bool | None) -> Grade:
    """Return a grader's grade; one of the last release's signature is not told whether the response was cut."""
    if takes(type(grader).__call__, "truncated"):
        return grader(response, answer, sample, truncated)
    return grader(response, answer, sample)


def grade_responses(
    grader: Grader, responses: Sequence[str], samples: Sequence[Sample], truncated: Sequence[bool | None]
) -> list[Grade]:
    """Grade many responses at once, as `grade_response` does."""
    if takes(type(grader).grade_all, "truncated"):
        return grader.grade_all(responses, samples, truncated)
    return grader.grade_all(responses, samples)


@dataclass(frozen=True)
class TimedGrade:
    """A grade and what it cost.

    Example: `TimedGrade(Grade(1.0, "42", "boxed/exact"), seconds=0.0004)`
    """

    grade: Grade
    seconds: float
    """From when a worker took the response; 0 for one that none got."""


@dataclass(frozen=True)
class AnswerGrader(Grader):
    r"""Applies the rules of `response.py` in worker processes, so that no response can hang, crash or fill this one.

    Safe in any thread, and in forked children, which start workers of their own. Graders with equal settings share a
    process's workers. Errors of a grade, besides those of the rules: "timeout", "memory", "crashed", "too_long".

    Example: `AnswerGrader()(r"\boxed{\frac{1}{2}}", "0.5").score == 1.0`

    Args:
        deadline_seconds: of CPU time for one response, from when a worker takes it, so that what is a timeout does not
            depend on what else the machine does; by the clock, at most four times as long.
        memory_mb: MiB that judging one response may take; where the system can limit it (Linux).
        max_response_bytes: longer responses, gold answers or questions, as UTF-8, are not judged.
        workers: responses judged at the same time; one process more is kept ready.
        requirements: what an answer has to be besides right; by default all that rewards require.
        conventions: where more than one verdict can be defended, which one is given.

    Raises:
        UserError: a setting is out of range.
    """

    deadline_seconds: Annotated[float, Within("(0, 3600]")] = 0.5
    memory_mb: PositiveInt = 512
    max_response_bytes: PositiveInt = 1_000_000
    workers: Count = 1
    requirements: Requirements = REWARDS
    conventions: Conventions = DEFAULT

    def __call__(
        self, response: str, answer: str, sample: Sample | None = None, truncated: bool | None = None
    ) -> Grade:
        """Return the grade of a whole response, thoughts included, given the gold answer."""
        return self._grade_timed([_request("grade", sample, response, answer, truncated=truncated)])[0].grade

    def grade_all(
        self, responses: Sequence[str], samples: Sequence[Sample], truncated: Sequence[bool | None] | None = None
    ) -> list[Grade]:
        """Grade responses in their order, by all workers at once; what is there twice is judged once."""
        return [timed.grade for timed in self.grade_timed(responses, samples, truncated)]

    def grade_timed(
        self, responses: Sequence[str], samples: Sequence[Sample], truncated: Sequence[bool | None] | None = None
    ) -> list[TimedGrade]:
        """Return what `grade_all` returns, and the cost of each grade."""
        cut = [None] * len(responses) if truncated is None else truncated
        rows = zip(responses, samples, cut, strict=True)
        return self._grade_timed(
            [_request("grade", s, response, s.answer, truncated=is_cut) for response, s, is_cut in rows]
        )

    def extract(self, response: str, sample: Sample | None = None) -> str:
        """Return the answer that a response commits to; empty if there is none, or none was found in time."""
        outcome = self._outcomes([_request("extract", sample, response)])[0]
        return "" if outcome is None or outcome.error is not None else outcome.value

    def equal(self, a: str, b: str, sample: Sample | None = None) -> bool:
        """Return whether two extracted answers have the same value; False where that was not decided in time."""
        outcome = self._outcomes([_request("equal", sample, a, b)])[0]
        return outcome is not None and outcome.value is True

    def explain(
        self, response: str, answer: str, sample: Sample | None = None, truncated: bool | None = None
    ) -> list[str]:
        """Return the steps by which a response was judged, the verdict last; only the reason if it was not judged."""
        outcome = self._outcomes([_request("explain", sample, response, answer, truncated=truncated)])[0]
        if outcome is None or outcome.error is not None:
            return [f"not judged: {'too_long' if outcome is None else outcome.error}"]
        grade = self(response, answer, sample, truncated)
        unmet = [f"an answer of the right value that is not {name.replace('_', ' ')}" for name in grade.unmet]
        return [*outcome.value[:-1], *unmet, describe_verdict(grade)]

    def warm_up(self) -> None:
        """Start the workers and wait for them; without it the first call does.

        Raises:
            UserError: they do not start.
        """
        self._pool().warm_up()

    def _pool(self) -> Pool:
        return shared_pool(
            PoolSettings("revisual.grading.requests", self.workers, self.deadline_seconds, self.memory_mb)
        )

    def _grade_timed(self, requests: Sequence[_Request]) -> list[TimedGrade]:
        timed = [_timed_grade(outcome) for outcome in self._outcomes(requests)]
        return [replace(one, grade=self.requirements.apply(one.grade)) for one in timed]

    def _outcomes(self, requests: Sequence[_Request]) -> list[Outcome | None]:
        """Return the outcomes of requests; None for one that is too long."""
        short = list(dict.fromkeys(request for request in requests if not self._is_too_long(request)))
        changed = list_changes(self.conventions)
        asked = [(*request, changed) for request in short]
        outcomes = dict(zip(short, self._pool().run(asked), strict=True)) if short else {}
        return [outcomes.get(request) for request in requests]

    def _is_too_long(self, request: _Request) -> bool:
        _, texts, question, choices, _ = request
        return any(
            len(text.encode("utf-8", "surrogatepass")) > self.max_response_bytes
            for text in (*texts, question, *choices)
        )


def _request(kind: str, sample: Sample | None, *texts: str, truncated: bool | None = None) -> _Request:
    if sample is None:
        return kind, texts, "", (), truncated
    return kind, texts, sample.asked, tuple(sample.choices or ()), truncated


def _timed_grade(outcome: Outcome | None) -> TimedGrade:
    if outcome is None:
        return TimedGrade(Grade(0.0, "", "none", "too_long"), 0.0)
    if outcome.error is not None:
        return TimedGrade(Grade(0.0, "", "none", outcome.error), outcome.seconds)
    *fields, unmet = outcome.value
    return TimedGrade(Grade(*fields, unmet=tuple(unmet)), outcome.seconds)
