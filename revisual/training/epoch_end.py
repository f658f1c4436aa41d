"""A run goes on from a checkpoint of an epoch's end as from one of the epoch's last batch."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override


class EpochEnd(Callback):
    """Counts an epoch once whose end a checkpoint was written at.

    Lightning ends it again where a run goes on from there. All later epochs would then have the order of items that
    belongs to the one after them.
    """

    @override
    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Take the loops back to the end of the last batch; Lightning restores them after this."""
        loop = checkpoint.get("loops", {}).get("fit_loop", {})
        if _is_of_epochs_end(loop):
            for progress, count in (("epoch_progress", "processed"), ("epoch_loop.batch_progress", "completed")):
                for span in ("total", "current"):
                    loop[progress][span][count] -= 1


def _is_of_epochs_end(loop: dict[str, Any]) -> bool:
    try:
        epochs, batches = loop["epoch_progress"]["total"], loop["epoch_loop.batch_progress"]
        return (
            epochs["processed"] == epochs["ready"] == epochs["completed"] + 1
            and batches["is_last_batch"]
            and batches["current"]["completed"] == batches["current"]["processed"]
        )
    except (KeyError, TypeError):
        return False
