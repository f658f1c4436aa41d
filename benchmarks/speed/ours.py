"""What revisual's sides of the measurements share."""

import logging

import torch
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from workers import Turns


def adamw(parameters):
    return torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.0)


class Clock(Callback):
    """Takes turns; also says what of a step is in the module's log.

    Args:
        measured: names in the log, by the name that each is told by.
    """

    def __init__(self, **measured: str) -> None:
        self.turns, self.measured = Turns(), measured

    def on_train_batch_start(self, trainer, module, batch, batch_idx) -> None:
        self.turns.begin()

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        self.turns.end(**{name: module.step_log.taken[key] for name, key in self.measured.items()})


def train(module: LightningModule, data: LightningDataModule, steps: int, clock: Callback) -> None:
    """Trains on the CPU and does nothing besides."""
    torch.manual_seed(0)
    logging.getLogger("lightning").setLevel(logging.ERROR)
    trainer = Trainer(
        accelerator="cpu",
        max_steps=steps,
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        gradient_clip_val=1.0,
        num_sanity_val_steps=0,
    )
    trainer.fit(module, data)
