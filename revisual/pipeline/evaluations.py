"""Measures policies in the background, one at a time, while the next stage trains."""

import shutil
from collections import deque

from revisual.core.errors import UserError
from revisual.core.progress import Progress
from revisual.pipeline.children import Child, describe_exit
from revisual.pipeline.results import METRICS, read_metrics
from revisual.pipeline.stages import Place, Plan, changes
from revisual.pipeline.state import Record, State
from revisual.report.stages import summarize

FOLDER = "evaluation"


class Evaluations:
    """A queue of policies to run `revisual test` on.

    A failure is told at once, and ends the pipeline when all is done: hours of training are not thrown away for it.
    """

    def __init__(self, plan: Plan, state: State, progress: Progress) -> None:
        self.plan, self.state, self.progress = plan, state, progress
        self.failures: list[str] = []
        self._waiting: deque[Place] = deque()
        self._running: tuple[Place, Record, Child] | None = None

    def add(self, place: Place) -> None:
        """Queue a policy, unless it is measured already."""
        if not self.plan.evaluation:
            return
        folder = place.folder / FOLDER
        record = self.state[folder]
        fingerprint = self.plan.fingerprint(self.plan.evaluation, place.hashes)
        is_same = record is not None and record.is_finished and not changes(record.fingerprint, fingerprint)
        if not (is_same and (folder / METRICS).is_file()):
            self.state[folder] = Record("waiting", fingerprint)
            self._waiting.append(place)

    @property
    def running(self) -> str | None:
        """The evaluation that runs, if one does."""
        return None if self._running is None else self._running[0].name

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self._running is None and not self._waiting

    def advance(self) -> bool:
        """Look after the running evaluation and start the next; return whether one has ended."""
        has_ended = self._running is not None and self._end()
        if self._running is None and self._waiting:
            self._begin(self._waiting.popleft())
        return has_ended

    def stop(self) -> None:
        """End the running evaluation."""
        if self._running is not None:
            self._running[2].stop()

    def lines(self) -> list[str]:
        """Return the last line of the running evaluation's output."""
        return [] if self._running is None else self._running[2].lines(1)

    def _begin(self, place: Place) -> None:
        folder = place.folder / FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        record = Record("running", self.plan.fingerprint(self.plan.evaluation, place.hashes))
        self.state[folder] = record
        options = self.plan.options(self.plan.evaluation, place.policy, folder)
        child = Child([*self.plan.words(), "test", *options], folder / "log.txt")
        self._running = (place, record, child)

    def _end(self) -> bool:
        assert self._running is not None
        place, record, child = self._running
        code = child.poll()
        if code is None:
            return False
        self._running = None
        folder, fault = place.folder / FOLDER, None
        try:
            metrics = read_metrics(folder) if code == 0 else None
        except UserError as error:
            metrics, fault = None, str(error)
        status = "failed" if metrics is None else "finished"
        self.state[folder] = Record(status, record.fingerprint, child.seconds)
        if metrics is not None:
            scores = summarize(metrics.scores) or "nothing measured"
            self.progress.say(f"{place.name}: measured in {child.seconds:.0f} s: {scores}")
            return True
        how = fault or f"failed with {describe_exit(code)}"
        self.failures.append(f"the evaluation of {place.name}: {how}; its output is in {child.log}")
        self.progress.say(child.tail())
        self.progress.say(self.failures[-1])
        return True
