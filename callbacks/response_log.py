"""Answers of `validate`, `test` and `predict`, one JSON object per line."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from revisual.modules.ranks import gathered


class ResponseLog(Callback):
    """Writes responses.jsonl (`file`, inside `default_root_dir`, if relative) as answers come."""

    def __init__(self, file: str = "responses.jsonl") -> None:
        self.file = file

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        self._start(trainer)

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: D102
        self._start(trainer)

    def on_test_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *args: Any) -> None:  # noqa: D102
        self._write(trainer, outputs)

    def on_predict_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *args: Any) -> None:  # noqa: D102
        self._write(trainer, outputs)

    def _start(self, trainer: Trainer) -> None:
        self._path = Path(trainer.default_root_dir) / self.file
        self._seen: set[tuple[str, str, str, int]] = set()
        if trainer.is_global_zero:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text("")

    def _write(self, trainer: Trainer, answers: Sequence[Any]) -> None:
        everyone = [answer for part in gathered(list(answers)) for answer in part]
        if not trainer.is_global_zero:
            return
        with self._path.open("a", encoding="utf-8") as file:
            for answer in everyone:
                key = (answer.source, answer.id, answer.sampling, answer.index)
                if key not in self._seen:  # loaders repeat items to give every rank equally many
                    self._seen.add(key)
                    file.write(json.dumps(asdict(answer), ensure_ascii=False) + "\n")
