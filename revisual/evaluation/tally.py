"""What is counted of answers while they come."""

from revisual.evaluation.answers import ScoredAnswer
from revisual.report.formats import PERCENT


class AnswerTally:
    """Counts answers, for a few words on how an evaluation goes."""

    def __init__(self) -> None:
        self.failed = self.truncated = self.decided = 0
        self.right = 0.0

    def add(self, answer: ScoredAnswer) -> None:
        """Count an answer."""
        self.failed += answer.is_failed
        self.truncated += answer.is_truncated
        if answer.is_decided:
            self.decided += 1
            self.right += answer.score

    def words(self, trouble: str = "") -> str:
        """Describe the accuracy of what is decided so far, and what went wrong.

        Example: `"accuracy 53.3%, 2 cut, 1 failed"`
        """
        parts = [f"accuracy {PERCENT.write(self.right / self.decided)}"] if self.decided else []
        parts += [f"{count} {word}" for count, word in ((self.truncated, "cut"), (self.failed, "failed")) if count]
        return ", ".join([*parts, trouble[:80]] if trouble else parts)
