"""revisual's side of the SFT measurements: `python ours_sft.py SETTINGS`."""

import json
import sys
from pathlib import Path

from ours import Clock, adamw, train

from revisual import SFTModule
from revisual.data.readers import JSONLReader
from revisual.data.sft import SFTDataModule
from revisual.models.policy import PretrainedPolicy


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
    train(module, data, settings["steps"], Clock(tokens="train/tokens"))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
