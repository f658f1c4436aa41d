"""How far bridging is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

LINE_SECONDS = 30.0
"""Between two lines where there is no terminal."""


class BridgeProgress:
    """Shows what has become of samples so far, for use in `with`; how many there will be is not known.

    Example: `with BridgeProgress() as progress: progress.show(kept=3, dropped=1, failed=0)`
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._began = self._told = time.monotonic()
        self._state = "0 samples"
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("bridge: {task.fields[state]}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> "BridgeProgress":
        self._bar.start()
        self._task = self._bar.add_task("bridge", total=None, state=self._state)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if not self._console.is_terminal:
            self._tell()

    def show(self, kept: int, dropped: int, failed: int, trouble: str = "") -> None:
        """Updates the counts; `trouble` is shown."""
        done = kept + dropped + failed
        rate = done / max(1e-9, time.monotonic() - self._began)
        parts = [f"{done:,} samples, {rate:.1f}/s", f"{kept:,} kept", f"{dropped:,} dropped"]
        parts += [f"{failed:,} failed"] if failed else []
        self._state = ", ".join([*parts, *([trouble[:80]] if trouble else [])])
        self._bar.update(self._task, state=self._state)
        if not self._console.is_terminal and time.monotonic() - self._told > LINE_SECONDS:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        print(f"bridge: {self._state}", file=sys.stderr, flush=True)
