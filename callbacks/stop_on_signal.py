"""A run that is asked to leave saves itself first."""

import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from types import FrameType
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch.optim import Optimizer
from typing_extensions import override

from revisual.core.checkpoint_files import STOPPED
from revisual.core.distributed import all_max


class Stopped(SystemExit):
    """The run was left where it stands, between two optimizer steps."""


class StopOnSignal(Callback):
    """On a signal to any process, all save a checkpoint and end with status 0; the same command goes on bit for bit.

    One process leaves a rollout or a pass at once as long as no optimizer step has been taken on the batch, and saves
    what it was before the batch. After such a step, in a validation, and with several processes, which have to leave
    together, the batch is ended first. `fit` has this callback with its defaults where the config lists none.

    Lightning's own reaction saves inside the signal's handler, where collective operations and files may be half done,
    and in the middle of a batch, from which a run cannot go on bit for bit.

    Args:
        signals: names; SLURM sends SIGUSR1 with `#SBATCH --signal=SIGUSR1@300`, and SIGTERM before it kills. SIGINT is
            Ctrl-C; a second one ends the run without saving.
    """

    def __init__(self, signals: Sequence[str] = ("SIGUSR1", "SIGTERM", "SIGINT")) -> None:
        unknown = [name for name in signals if name not in signal.Signals.__members__]
        if unknown:
            raise ValueError(f"StopOnSignal: no signal {unknown[0]!r}")
        self.signals = [signal.Signals[name] for name in signals]
        self._asked = self._may_leave = False
        self._process = os.getpid()
        self._before: dict[signal.Signals, Any] = {}
        self._states: Mapping[Callback, dict[str, Any]] = {}
        self._began = self._seconds = 0.0

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the signals over from Lightning."""
        self._asked, self._process = False, os.getpid()
        self._before = {number: signal.signal(number, self._ask) for number in self.signals}

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a loader's worker, which inherited this
            os._exit(128 + number)
        if self._asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._asked = True
        name = signal.Signals(number).name
        if self._may_leave:
            print(f"{name}: saving the run as it was before this batch", flush=True)
            raise Stopped(0)
        most = f", which took {self._seconds:.0f} s last time" if self._seconds else ""
        print(f"{name}: ending this batch{most}, and saving", flush=True)

    @override
    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Let a signal end the batch from here on, if no optimizer step was taken on it."""
        if batch.update == 0:
            self._began = time.perf_counter()
            self._states = {callback: deepcopy(callback.state_dict()) for callback in _callbacks(trainer)}
            self._may_leave = trainer.world_size == 1
            if self._asked and self._may_leave:  # during a validation
                raise Stopped(0)

    @override
    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """From here on the batch has to be ended."""
        self._may_leave = False

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save and stop at a boundary if any process was asked to."""
        if batch.update + 1 < pl_module.updates_per_batch:
            return
        self._seconds = time.perf_counter() - self._began
        if all_max({"asked": float(self._asked)})["asked"]:
            _save(trainer)
            raise SystemExit(0)  # without the validation and the export of a run that has come to its end

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Save what the run was before the batch that was left."""
        if isinstance(exception, Stopped):
            self._may_leave = False
            for callback, state in self._states.items():
                callback.load_state_dict(state)
            trainer.train_dataloader.put_back()  # type: ignore[union-attr]
            _save(trainer)

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget the checkpoint to resume from: a run that has come to its end leaves nothing to go on from."""
        saved = Path(trainer.default_root_dir) / STOPPED
        if trainer.is_global_zero and saved.exists():
            shutil.rmtree(saved) if saved.is_dir() else saved.unlink()

    @override
    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


def _callbacks(trainer: Trainer) -> list[Callback]:
    return trainer.callbacks  # type: ignore[attr-defined, no-any-return]


def _save(trainer: Trainer) -> None:
    trainer.save_checkpoint(Path(trainer.default_root_dir) / STOPPED)
    if trainer.is_global_zero:
        print(f"stopped by a signal; the same command goes on from step {trainer.global_step}", flush=True)
