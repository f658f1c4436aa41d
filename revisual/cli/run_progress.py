"""How far a run of `fit`, `validate`, `test` or `predict` is, on the terminal or line by line."""

import time
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar
from typing_extensions import override

from revisual.cli.progress import TerminalProgress
from revisual.core.progress import Progress, Task

SHOWN = {"train/loss": "loss", "reward/mean": "reward"}
"""Logged numbers, and what they are called here."""


class RunProgress(ProgressBar):
    """Counts optimizer steps and rollouts of a training, and batches of a measurement, with the time that is left.

    On a terminal a bar; elsewhere, as under SLURM or nohup, a line every 30 seconds says the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self._progress: Progress | None = None
        self._tasks: list[Task] = []
        self._began, self._first = 0.0, 0

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        super().setup(trainer, pl_module, stage)
        if self._progress is None and trainer.is_global_zero:  # made here, as launchers may pickle callbacks
            self._progress = TerminalProgress()

    @override
    def disable(self) -> None:
        self._end_all()
        self._progress = None

    @override
    def enable(self) -> None:
        self._progress = self._progress or TerminalProgress()

    def _start(self, name: str, total: int | float | None) -> None:
        if self._progress is not None:
            known = total is not None and total != float("inf")
            self._tasks.append(self._progress.start(name, int(total or 0) if known else None))

    def _end(self) -> None:
        if self._progress is not None and self._tasks:
            self._progress.end(self._tasks.pop())

    def _end_all(self) -> None:
        while self._progress is not None and self._tasks:
            self._end()

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._start("optimizer steps", trainer.estimated_stepping_batches)
        self._began, self._first = time.monotonic(), trainer.global_step
        if self._tasks:
            self._tasks[-1].skip(self._first)

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._tasks:
            self._tasks[-1].add(trainer.global_step - self._tasks[-1].done, ", ".join(self._words(trainer, pl_module)))

    def _words(self, trainer: Trainer, module: Any) -> list[str]:
        updates, steps = getattr(module, "updates_per_rollout", None), trainer.estimated_stepping_batches
        known = steps != float("inf")
        words = []
        if updates is not None:
            of = f"/{max(1, int(steps) // updates):,}" if known else ""
            words.append(f"rollout {(max(1, trainer.global_step) - 1) // updates + 1:,}{of}")
        step_log = getattr(module, "step_log", None)
        logged = {**trainer.callback_metrics, **(step_log.taken if step_log else {})}  # it logs the step's own later
        found = {shown: logged.get(name) for name, shown in SHOWN.items()}
        words += [f"{shown} {float(value):.4g}" for shown, value in found.items() if value is not None]
        taken = trainer.global_step - self._first
        if known and taken > 0 and trainer.global_step < steps:
            left = (int(steps) - trainer.global_step) * (time.monotonic() - self._began) / taken
            words.append(f"{in_words(left)} left")
        return words

    @override
    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        batches = trainer.num_sanity_val_batches if trainer.sanity_checking else trainer.num_val_batches
        self._start("measuring before step 1" if trainer.sanity_checking else "measuring", sum(batches))

    @override
    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._start("measuring", sum(trainer.num_test_batches))

    @override
    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._start("answering", sum(trainer.num_predict_batches))

    def _count(self, *args: Any, **kwargs: Any) -> None:
        if self._tasks:
            self._tasks[-1].add()

    def _stop(self, *args: Any, **kwargs: Any) -> None:
        self._end()

    on_validation_batch_end = on_test_batch_end = on_predict_batch_end = _count
    on_validation_end = on_test_end = on_predict_end = on_train_end = _stop

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._end_all()

    @override
    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._end_all()


def in_words(seconds: int | float) -> str:
    """Return a time with its largest unit and the next one.

    Example: `in_words(3725) == "1 h 2 min"`
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
