"""Runs the stages of a plan one after the other, as far as they are not done."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from revisual.core.checkpoint_files import STOPPED, find_checkpoints, may_go_on_from, newest_whole
from revisual.core.errors import UserError
from revisual.core.folders import remove_leftovers
from revisual.core.interrupt import Interrupted
from revisual.core.locks import lock_folder
from revisual.core.manifest import check_export
from revisual.core.progress import Progress
from revisual.pipeline.children import Child, describe_exit
from revisual.pipeline.evaluations import FOLDER as EVALUATION
from revisual.pipeline.evaluations import Evaluations
from revisual.pipeline.results import write_results
from revisual.pipeline.stages import Place, Plan, changes, config_hash, policy_hashes
from revisual.pipeline.state import LOCK, Record, State

POLL_SECONDS = 0.1
LOG = "log.txt"
"""What a stage says, in its folder."""


class Runner:
    """One run of a pipeline."""

    def __init__(self, plan: Plan, progress: Progress) -> None:
        self.plan, self.progress = plan, progress

    def run(self) -> dict[str, Any]:
        """Do what is left to do. An evaluation that failed does not end it; `check_evaluations` tells.

        Returns:
            The run's metrics, which are also in its metrics.json.

        Raises:
            UserError: a stage failed, what is there does not fit the plan, or `out` cannot be written.
            Interrupted: Ctrl-C or SIGTERM, as far as they are turned into that; the running stage is ended.
        """
        try:
            with lock_folder(self.plan.out, LOCK, "pipeline"):
                remove_leftovers(self.plan.out)
                return self._run()
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise UserError(f"cannot go on in {self.plan.out}: {where}{error.strerror or error}") from error

    def check_evaluations(self) -> None:
        """Raise what went wrong with the first evaluation that failed, if one did."""
        if self.evaluations.failures:
            raise UserError(self.evaluations.failures[0])

    def _run(self) -> dict[str, Any]:
        self.state = State(self.plan.out)
        self.evaluations = Evaluations(self.plan, self.state, self.progress)
        self._child: Child | None = None
        try:
            place = self._start()
            self._measure(place)
            for number in range(1, len(self.plan.stages) + 1):
                place = self._stage(number, place)
                self._measure(place)
            self._wait_for_evaluations()
        finally:
            if self._child is not None:
                self._child.stop()
            self.evaluations.stop()
        return self._write()

    def _start(self) -> Place:
        """Return the policy that the first stage begins from, made if it is to be."""
        folder = self.plan.out / "start"
        if self.plan.prepare is None:
            policy = str(self.plan.start)
            return Place("start", folder, policy, policy_hashes(policy))
        export, data = folder / "export", self.plan.data
        fingerprint = {
            f"config ({self.plan.prepare.name})": config_hash(self.plan.prepare),
            "seed": self.plan.seed,
            "data": None if data is None else str(data),
        }
        words = ["tiny", f"--config={self.plan.prepare}", f"--out={export}", f"--seed={self.plan.seed}"]
        words += [] if data is None else [f"--root={data}"]
        return self._export_by("start", folder, fingerprint, [*self.plan.words(), *words], is_resumable=False)

    def _stage(self, number: int, before: Place) -> Place:
        """Train a stage, or take over what it exported."""
        config, folder = self.plan.stages[number - 1], self.plan.folder(number)
        fingerprint = self.plan.fingerprint(config.paths, before.hashes, config.launcher)
        options = self.plan.options(config.paths, before.policy, folder)
        return self._export_by(config.name, folder, fingerprint, [*self.plan.words(config.launcher), "fit", *options])

    def _export_by(
        self, name: str, folder: Path, fingerprint: dict[str, Any], command: Sequence[str], is_resumable: bool = True
    ) -> Place:
        """Return what `command` exports to `folder`, made now or before."""
        record, export = self.state[folder], folder / "export"
        if record is not None and not folder.exists():
            record = None
        if record is None and folder.exists() and self._is_foreign(folder):
            raise UserError(f"{folder}: is there already, and not from this run; delete it or use another --out")
        if record is not None and record.is_finished:
            self._check_unchanged(name, folder, record, fingerprint)
            if check_export(export) != record.output:
                raise UserError(f"{export}: is not what {name} exported; delete {folder} to train it again")
            self.progress.say(f"{name}: finished before, in {record.seconds:.0f} s")
            return Place(name, folder, str(export), record.output)
        checkpoint = self._checkpoint(name, folder) if is_resumable else None
        if record is not None and checkpoint is not None:
            self._check_unchanged(name, folder, record, fingerprint)
            self.progress.say(f"{name}: goes on from {checkpoint}")
            shutil.rmtree(export, ignore_errors=True)
            return self._train(name, folder, record, [*command, f"--ckpt_path={checkpoint}"])
        shutil.rmtree(folder, ignore_errors=True)
        self.progress.say(f"{name}: started; what it says is in {folder / LOG}")
        return self._train(name, folder, Record("running", fingerprint), command)

    def _checkpoint(self, name: str, folder: Path) -> Path | None:
        """Find where a stage goes on: its newest checkpoint, or an older one if that is broken."""
        checkpoint, broken = newest_whole(path for path in find_checkpoints(folder) if may_go_on_from(path))
        for path in broken:
            self.progress.say(f"{name}: {path} is broken, and one before it is taken")
        return checkpoint

    def _is_foreign(self, folder: Path) -> bool:
        """Tell whether there is more than what evaluations of a given start leave."""
        return any(path.name != EVALUATION for path in folder.iterdir())

    def _check_unchanged(self, name: str, folder: Path, record: Record, fingerprint: dict[str, Any]) -> None:
        changed = changes(record.fingerprint, fingerprint)
        if changed:
            hint = f"use another --out, or delete {folder} to train it again"
            raise UserError(f"{name}: changed since it was trained: {', '.join(changed)}; {hint}")

    def _train(self, name: str, folder: Path, record: Record, command: Sequence[str]) -> Place:
        def record_status(status: str, output: dict[str, str] | None = None) -> Record:
            seconds = record.seconds + (0.0 if self._child is None else self._child.seconds)
            self.state[folder] = Record(status, record.fingerprint, seconds, output or {})
            return Record(status, record.fingerprint, seconds)

        record_status("running")
        log = folder / LOG
        self._child = Child(command, log)
        try:
            code = self._wait(name, self._child)
            if code:
                self.progress.say(self._child.tail())
                raise UserError(f"{name}: failed with {describe_exit(code)}; its output is in {log}")
            if (folder / STOPPED).exists():
                raise UserError(f"{name}: was asked to stop, and saved itself; the same command goes on from there")
            output = check_export(folder / "export")
        except (UserError, Interrupted) as error:
            record_status("interrupted" if isinstance(error, Interrupted) else "failed")
            self._write()
            raise
        done = record_status("finished", output)
        self._child = None
        self._write()
        self.progress.say(f"{name}: finished in {done.seconds:.0f} s")
        return Place(name, folder, str(folder / "export"), output)

    def _wait(self, name: str, child: Child) -> int:
        """Wait for a stage while evaluations go on beside it; return its exit code."""
        with self.progress.task(name) as task:
            while (code := child.poll()) is None:
                self._look_after_evaluations()
                beside = self.evaluations.running
                task.show(" ".join([*([f"(measuring {beside})"] if beside else []), *child.lines(1)]))
                time.sleep(POLL_SECONDS)
        return code

    def _measure(self, place: Place) -> None:
        self.evaluations.add(place)
        if self.plan.evaluate_while_training:
            self._look_after_evaluations()
        else:
            self._wait_for_evaluations()

    def _look_after_evaluations(self) -> None:
        if self.evaluations.advance():
            self._write()

    def _wait_for_evaluations(self) -> None:
        self._look_after_evaluations()
        if self.evaluations.is_done:
            return
        with self.progress.task("measuring") as task:
            while not self.evaluations.is_done:
                task.show(" ".join([str(self.evaluations.running), *self.evaluations.lines()]))
                time.sleep(POLL_SECONDS)
                self._look_after_evaluations()

    def _write(self) -> dict[str, Any]:
        return write_results(self.plan, self.state)
