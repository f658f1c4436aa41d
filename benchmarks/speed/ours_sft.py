"""revisual's side of the SFT measurements: `python ours_sft.py SETTINGS`."""

import json
import logging
import sys
from pathlib import Path

import torch
from lightning.pytorch import Callback, Trainer
from workers import Turns

from revisual import SFTModule
from revisual.data.readers import JSONLReader
from revisual.data.sft import SFTDataModule
from revisual.models.policy import PretrainedPolicy


class Clock(Callback):
    """Takes turns."""

    def __init__(self) -> None:
        self.turns = Turns()

    def on_train_batch_start(self, trainer, module, batch, batch_idx) -> None:
        self.turns.begin()

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        self.turns.end(tokens=module.step_sums["train/tokens"])


def main(settings: dict) -> None:
    torch.manual_seed(0)
    logging.getLogger("lightning").setLevel(logging.ERROR)
    folder = Path(settings["folder"])
    module = SFTModule(
        PretrainedPolicy(str(folder / "policy")),
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.0),
        system_prompt=None,
    )
    data = SFTDataModule(
        [JSONLReader(folder / "texts.jsonl")],
        root=folder,
        batch_size=settings["batch"],
        response_template="<think>{solution}</think>\\boxed{{answer}}",
    )
    trainer = Trainer(
        accelerator="cpu",
        max_steps=settings["steps"],
        callbacks=[Clock()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        gradient_clip_val=1.0,
        num_sanity_val_steps=0,
    )
    trainer.fit(module, data)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
