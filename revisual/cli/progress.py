"""Progress on the terminal: a bar for each piece of work; where there is no terminal, a line now and then."""

import os
import time

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from revisual.core.progress import SECONDS_VARIABLE, Progress, Task
from revisual.core.text import printable

LINE_SECONDS = 30.0
"""Between two lines where there is no terminal."""


class TerminalProgress(Progress):
    """Shows work on stderr, so that results on stdout stay apart.

    Args:
        console: where to; by default stderr.
        seconds: between two lines where there is no terminal; by default 30, or as the environment says.
    """

    def __init__(self, console: Console | None = None, seconds: float | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self.seconds = float(os.environ.get(SECONDS_VARIABLE, LINE_SECONDS)) if seconds is None else seconds
        self._tasks = 0
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
            transient=True,
        )

    def say(self, text: str) -> None:
        """Show a line that stays, above the bars."""
        self.console.print(Text(printable(text)))

    def start(self, name: str, total: int | None) -> "_TerminalTask":
        """Show a bar, or a first line later."""
        if not self._tasks:
            self._bars.start()
        self._tasks += 1
        return _TerminalTask(self, self._bars, name, total)

    def end(self, task: Task) -> None:
        """Take the bar away. A line stays of it, unless it was over before a first line without a terminal."""
        assert isinstance(task, _TerminalTask)
        self._bars.remove_task(task.id)
        self._tasks -= 1
        if not self._tasks:
            self._bars.stop()
        if task.done and (self.console.is_terminal or task.is_told):
            self.say(task.line())


class _TerminalTask(Task):
    def __init__(self, progress: TerminalProgress, bars: Bars, name: str, total: int | None) -> None:
        super().__init__(name, total)
        self._progress, self._bars, self._state = progress, bars, ""
        self._began = self._told = time.monotonic()
        self.is_told = False
        self.id = bars.add_task(name, total=total)

    def show(self, state: str) -> None:
        self._state = state
        self._bars.update(self.id, completed=self.done, description=self.line())
        if not self._progress.console.is_terminal and time.monotonic() - self._told >= self._progress.seconds:
            self._told, self.is_told = time.monotonic(), True
            self._progress.say(self.line())

    def line(self) -> str:
        """Return how far it is, e.g. "aime24: 120/240, 3.1/s, accuracy 53.3%"."""
        parts = []
        if self.done:
            rate = (self.done - self.before) / max(1e-9, time.monotonic() - self._began)
            of = "" if self.total is None else f"/{self.total:,}"
            parts = [f"{self.done:,}{of}", f"{rate:.1f}/s" if rate < 100 else f"{rate:,.0f}/s"]
        return printable(f"{self.name}: {', '.join([*parts, self._state] if self._state else parts)}")
