"""What a grader says about a response."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Grade:
    """How a response was graded.

    Example: `Grade(score=1.0, extracted="42", rule="boxed/number", error=None)`
    """

    score: float
    """1 for a right answer, 0 for a wrong one; 0 and without meaning where `error` is set."""
    extracted: str
    """The answer that was judged; empty if the response has none."""
    rule: str
    """The rule that found the answer, a slash, and the rule that judged it; "none" without an answer."""
    error: str | None = None
    """Why no verdict was reached, which is never the same as a score of 0."""
    unmet: tuple[str, ...] = ()
    """The requirements (`Requirements`) that an answer of the right value does not meet, required or not."""

    @property
    def is_right(self) -> bool:
        """Whether the answer has the right value, paid or not."""
        return self.error is None and (self.score == 1.0 or bool(self.unmet))


def describe_verdict(grade: Grade) -> str:
    """Return a grade in words.

    Example: `describe_verdict(Grade(1.0, "42", "boxed/number")) == "score 1 by boxed/number"`
    """
    return f"score {grade.score:.0f} by {grade.rule}" + (f", error {grade.error}" if grade.error else "")
