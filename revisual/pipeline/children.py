"""The commands that a pipeline runs: none outlives it."""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from revisual.core.errors import UserError
from revisual.core.progress import SECONDS_VARIABLE

PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 40.0
TAIL_LINES = 15
TAIL_BYTES = 20_000


class Child:
    """A running command whose output is added to a log file.

    On Linux it ends with the pipeline, even one that is killed: a lone Python process is killed too, while another
    launcher is asked to end, as it has workers of its own to end first.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log, self.began = log, time.monotonic()
        is_alone = command[0] == sys.executable
        environment = {"OMP_NUM_THREADS": "1", SECONDS_VARIABLE: "5", **os.environ, "PYTHONUNBUFFERED": "1"}
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            file.write(f"$ {shlex.join(command)}\n".encode())
            file.flush()
            self._log_start = file.tell()
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    process_group=0,
                    preexec_fn=end_with_parent(os.getpid(), signal.SIGKILL if is_alone else signal.SIGTERM),
                )
            except (FileNotFoundError, PermissionError) as error:
                raise UserError(f"launcher: cannot run {command[0]!r}: {error.strerror}") from error

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """End the process and those that it started, which have time to save themselves."""
        for number, patience in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 5.0)):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)

    def lines(self, most: int = TAIL_LINES) -> list[str]:
        """Return the last lines of its output; of a line that was written over, what was seen last."""
        with self.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, end - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
        lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
        return [line for line in lines if line][-most:]

    def tail(self) -> str:
        """Return the last lines of its output, indented."""
        return "\n".join(f"    {line}" for line in self.lines())


def end_with_parent(parent: int, number: int) -> Callable[[], None] | None:
    """Return what a new process calls so that Linux sends it a signal when its parent is gone; None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded here: little is safe between fork and exec

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def describe_exit(code: int) -> str:
    """Describe an exit code: `describe_exit(2) == "exit code 2"` and `describe_exit(-9) == "signal 9 (SIGKILL)"`."""
    if code >= 0:
        return f"exit code {code}"
    hint = "; was there too little memory?" if code == -signal.SIGKILL else ""
    return f"signal {-code} ({signal.Signals(-code).name}{hint})"
