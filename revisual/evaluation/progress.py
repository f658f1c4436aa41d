"""How far an evaluation is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from revisual.evaluation.answers import ScoredAnswer
from revisual.report.formats import PERCENT

LINE_SECONDS = 30.0
"""Between two lines where there is no terminal."""


class AnswerProgress:
    """Counts answers to one benchmark, for use in `with`.

    Example: `with AnswerProgress("aime24", total=240) as progress: progress.add(answer)`
    """

    def __init__(self, name: str, total: int, console: Console | None = None) -> None:
        self.name, self.total = name, total
        self.done = self.failed = self.truncated = self.decided = 0
        self.right = 0.0
        self._console = console or Console(stderr=True, highlight=False)
        self._began = self._told = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> "AnswerProgress":
        self._bar.start()
        self._task = self._bar.add_task(self.name, total=self.total, state="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if not self._console.is_terminal:
            self._tell()

    def add(self, answer: ScoredAnswer, trouble: str = "") -> None:
        """Counts an answer; `trouble` is shown."""
        self.done += 1
        self.failed += answer.is_failed
        self.truncated += answer.is_truncated
        if answer.is_decided:
            self.decided += 1
            self.right += answer.score
        self._bar.update(self._task, completed=self.done, state=self.state(trouble))
        if not self._console.is_terminal and time.monotonic() - self._told > LINE_SECONDS:
            self._tell(trouble)

    def state(self, trouble: str = "") -> str:
        """Rate, accuracy of what is decided so far, and what went wrong.

        Example: `"3.1/s, accuracy 53.3%, 2 cut, 1 failed"`
        """
        rate = self.done / max(1e-9, time.monotonic() - self._began)
        parts = [f"{rate:.1f}/s"]
        if self.decided:
            parts.append(f"accuracy {PERCENT.write(self.right / self.decided)}")
        parts += [f"{count} {word}" for count, word in ((self.truncated, "cut"), (self.failed, "failed")) if count]
        return ", ".join([*parts, trouble[:80]] if trouble else parts)

    def _tell(self, trouble: str = "") -> None:
        self._told = time.monotonic()
        print(f"{self.name}: {self.done}/{self.total}, {self.state(trouble)}", file=sys.stderr, flush=True)
