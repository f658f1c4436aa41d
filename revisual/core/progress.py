"""How far long work is: told to an object that the work is given, which may be a terminal, a log or nothing."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS_VARIABLE = "REVISUAL_PROGRESS_SECONDS"
"""Environment variable: seconds between two lines of progress where there is no terminal. A pipeline sets it for its
stages, whose last line it shows."""


class Task(ABC):
    """One piece of work that is under way."""

    def __init__(self, name: str, total: int | None) -> None:
        self.name, self.total, self.done = name, total, 0
        self.before = 0
        """Of what is done: before the work began."""

    def add(self, number: int = 1, state: str = "") -> None:
        """Count what was done.

        Args:
            number: how many more are done.
            state: a few words on how it goes.
        """
        self.done += number
        self.show(state)

    def skip(self, number: int) -> None:
        """Count what was done before the work began, as by a run that goes on."""
        self.done += number
        self.before += number

    @abstractmethod
    def show(self, state: str) -> None:
        """Show how far it is, with a few words on how it goes."""


class Progress(ABC):
    """Where long work tells how far it is."""

    @abstractmethod
    def say(self, text: str) -> None:
        """Show a line that stays."""

    @abstractmethod
    def start(self, name: str, total: int | None) -> Task:
        """Begin a piece of work."""

    @abstractmethod
    def end(self, task: Task) -> None:
        """End a piece of work, however it went."""

    @contextmanager
    def task(self, name: str, total: int | None = None) -> Iterator[Task]:
        """Show a piece of work while the block runs.

        Args:
            name: of the work.
            total: how many there are to do, where that is known.

        Example: `with progress.task("embed", total=1000) as task: task.add(100)`
        """
        task = self.start(name, total)
        try:
            yield task
        finally:
            self.end(task)


class _SilentTask(Task):
    def show(self, state: str) -> None:
        pass


class Silent(Progress):
    """Shows nothing."""

    def say(self, text: str) -> None:
        """Ignore the line."""

    def start(self, name: str, total: int | None) -> Task:
        """Begin a piece of work that nobody looks at."""
        return _SilentTask(name, total)

    def end(self, task: Task) -> None:
        """Do nothing."""
