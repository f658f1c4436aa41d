"""Ends a run that hangs, and says where it hung."""

import faulthandler
import os
import sys
import threading
import time
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from revisual.core.ranges import NonNegativeFloat, Seconds, check_ranges


class Watchdog(Callback):
    """Each process prints the stacks of its threads when it has got no further for `limit` seconds, and then ends.

    What hangs is as a rule one process, with the others waiting for it in a collective operation: all print, and the
    one whose stack differs is the culprit. The launcher then ends the run with an error.

    Args:
        limit: seconds without progress that end the run: more than a rollout takes, the longest step that nothing is
            heard from.
        grace: seconds between a process's report and its end, in which the others report.
    """

    def __init__(self, limit: Seconds = 3600.0, grace: NonNegativeFloat = 10.0) -> None:
        self.limit, self.grace = limit, grace
        check_ranges(self)
        self._done = threading.Event()
        self._note("starting", 0, 0)

    def _note(self, what: str, step: int, rank: int) -> None:
        self._where, self._rank, self._since = f"{what}, optimizer step {step}", rank, time.monotonic()

    def _watch(self) -> None:
        while not self._done.wait(min(1.0, self.limit / 4)):
            waited = time.monotonic() - self._since
            if waited > self.limit:
                self._report(waited)
                time.sleep(self.grace)
                os._exit(1)  # the main thread may never return

    def _report(self, waited: float) -> None:
        print(f"rank {self._rank}: no progress for {waited:.0f} s: {self._where}; stacks:", file=sys.stderr, flush=True)
        faulthandler.dump_traceback(file=sys.stderr, all_threads=True)

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._note("starting", trainer.global_step, trainer.global_rank)
        self._done.clear()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @override
    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        fresh = getattr(batch, "update", 0) == 0
        self._note(
            f"update {batch_idx}{', with a rollout before it' if fresh else ''}", trainer.global_step, self._rank
        )

    @override
    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: Any) -> None:
        self._note("backward", trainer.global_step, self._rank)

    @override
    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Any) -> None:
        self._note("optimizer", trainer.global_step, self._rank)

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._note(f"after update {batch_idx}", trainer.global_step, self._rank)

    @override
    def on_validation_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        self._note(f"validation batch {batch_idx}", trainer.global_step, self._rank)

    @override
    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._done.set()

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._done.set()
