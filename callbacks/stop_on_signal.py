"""A run that is asked to leave saves itself first."""

import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from revisual.core.distributed import all_max
from revisual.models.checkpoints import STOPPED


class StopOnSignal(Callback):
    """On a signal to any process, all save a checkpoint at the next boundary between batches, and end.

    Lightning's own reaction saves inside the signal's handler, where collective operations and files may be half done,
    and in the middle of a batch, from which a run cannot go on bit for bit.

    Args:
        signals: names; SLURM sends SIGUSR1 with `#SBATCH --signal=SIGUSR1@300`, and SIGTERM before it kills.
    """

    def __init__(self, signals: Sequence[str] = ("SIGUSR1", "SIGTERM")) -> None:
        unknown = [name for name in signals if name not in signal.Signals.__members__]
        if unknown:
            raise ValueError(f"StopOnSignal: no signal {unknown[0]!r}")
        self.signals = [signal.Signals[name] for name in signals]
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the signals over from Lightning."""
        self._asked = False
        self._before = {number: signal.signal(number, self._ask) for number in self.signals}

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save and stop at a boundary if any process was asked to."""
        if batch.update + 1 < pl_module.updates_per_batch or not all_max({"asked": float(self._asked)})["asked"]:
            return
        trainer.save_checkpoint(Path(trainer.default_root_dir) / STOPPED)
        if trainer.is_global_zero:
            print(f"stopped by a signal; the same command goes on from step {trainer.global_step}", flush=True)
        raise SystemExit(0)  # without the validation and the export of a run that has come to its end

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget the checkpoint to resume from: a run that has come to its end leaves nothing to go on from."""
        saved = Path(trainer.default_root_dir) / STOPPED
        if trainer.is_global_zero and saved.exists():
            shutil.rmtree(saved) if saved.is_dir() else saved.unlink()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
