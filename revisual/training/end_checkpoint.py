"""The end of a run is saved wherever checkpoints are, so that it goes on from there with more steps."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from typing_extensions import override

LIGHTNINGS_OWN = (None, "step", "epoch")
"""What may be monitored and is known after every batch; anything else is measured by a validation."""


class EndCheckpoint(Callback):
    """Has each `ModelCheckpoint` save the run's end, also one whose interval does not end there.

    That is after the last batch, or after the validation or the epoch that another callback ended the run for.

    The best of a metric stay the best: of a callback that monitors one, `last.ckpt` alone is written. A run that ends
    in the middle of a rollout's optimizer steps is not saved there, as none can go on from it.
    """

    def __init__(self) -> None:
        self._is_between = False
        """Whether all optimizer steps over a batch are done."""
        self._saved = -1

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save if the run ends here."""
        self._is_between = batch.update + 1 == pl_module.updates_per_batch
        if _is_end(trainer):
            self._save(trainer)

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save if the run ends for what was measured."""
        if trainer.should_stop:
            self._save(trainer)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save if the run ends with this epoch."""
        if trainer.should_stop:
            self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        """Save, once at a step."""
        if not self._is_between or self._saved == trainer.global_step:
            return
        self._saved = trainer.global_step
        for saver in trainer.checkpoint_callbacks:
            if isinstance(saver, ModelCheckpoint) and not saver._should_skip_saving_checkpoint(trainer):
                _save_end(saver, trainer)


def _is_end(trainer: Trainer) -> bool:
    """Return whether no batch will follow the one that has just been trained on."""
    if trainer.should_stop or trainer.global_step >= trainer.max_steps > -1:
        return True
    epochs = trainer.max_epochs
    return trainer.is_last_batch and epochs is not None and trainer.current_epoch + 1 >= epochs > -1


def _save_end(saver: ModelCheckpoint, trainer: Trainer) -> None:
    metrics = saver._monitor_candidates(trainer)
    if saver.monitor in LIGHTNINGS_OWN:
        saver._save_topk_checkpoint(trainer, metrics)
        saver._save_last_checkpoint(trainer, metrics)
    elif saver.save_last:
        asked, saved = saver.save_last, saver._last_global_step_saved
        saver.save_last = True  # a link would lead to the best
        saver._save_last_checkpoint(trainer, metrics)
        saver.save_last, saver._last_global_step_saved = asked, saved  # a validation may follow, and its metric be best
