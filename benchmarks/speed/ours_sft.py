"""revisual's side of the SFT measurements: `python ours_sft.py SETTINGS`."""

import json
import sys
from pathlib import Path

from lightning.pytorch import Callback
from ours import adamw, train
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
        self.turns.end(tokens=module.step_log.get("train/tokens"))


def main(settings: dict) -> None:
    folder = Path(settings["folder"])
    module = SFTModule(
        PretrainedPolicy(str(folder / "policy")),
        optimizer=adamw,
        system_prompt=None,
    )
    data = SFTDataModule(
        [JSONLReader(folder / "texts.jsonl")],
        root=folder,
        batch_size=settings["batch"],
        response_template="<think>{solution}</think>\\boxed{{answer}}",
    )
    train(module, data, settings["steps"], Clock())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
