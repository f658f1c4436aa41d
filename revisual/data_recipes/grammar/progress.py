"""How far a step is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LINE_SECONDS = 30.0
"""Between two lines where there is no terminal."""


class Progress:
    """Counts what is done, for use in `with`.

    Example: `with Progress("embed", total=1000) as progress: progress.add(100)`
    """

    def __init__(self, name: str, total: int | None = None, console: Console | None = None) -> None:
        self.name, self.total, self.done = name, total, 0
        self._console = console or Console(stderr=True, highlight=False)
        self._began = self._told = time.monotonic()
        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )

    def __enter__(self) -> "Progress":
        self._bar.start()
        self._task = self._bar.add_task(self.name, total=self.total, state="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def add(self, number: int = 1, state: str = "") -> None:
        """Counts what was done, and shows a few words."""
        self.done += number
        self._bar.update(self._task, completed=self.done, state=state)
        if not self._console.is_terminal and time.monotonic() - self._told > LINE_SECONDS:
            self._told = time.monotonic()
            of = f"/{self.total}" if self.total is not None else ""
            rate = self.done / max(1e-9, time.monotonic() - self._began)
            print(f"{self.name}: {self.done}{of}, {rate:.0f}/s {state}".rstrip(), file=sys.stderr, flush=True)
