"""Answers of `test` and `predict`, one JSON object per line."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from revisual.core.distributed import all_gather_objects
from revisual.core.files import appended_file
from revisual.core.ranges import NonNegativeInt, check_ranges
from revisual.data.sample import Sample


class ResponseLog(Callback):
    """Writes responses.jsonl (`file`, inside `default_root_dir`, if relative) as answers come.

    Args:
        file: to write.
        pictures: the pictures of so many questions per source are kept beside it, and named in the lines.
    """

    def __init__(self, file: str = "responses.jsonl", pictures: NonNegativeInt = 4) -> None:
        self.file, self.pictures = file, pictures
        check_ranges(self)

    @override
    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._start(trainer)

    @override
    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._start(trainer)

    @override
    def on_test_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        self._write(trainer, outputs, batch)

    @override
    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        self._write(trainer, outputs, batch)

    def _start(self, trainer: Trainer) -> None:
        self._path = Path(trainer.default_root_dir) / self.file
        self._seen: set[tuple[str, str, str, int]] = set()
        self._pictures: dict[tuple[str, str], list[str]] = {}
        if trainer.is_global_zero:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text("")

    def _write(self, trainer: Trainer, answers: Sequence[Any], batch: Any) -> None:
        everyone = [answer for part in all_gather_objects(list(answers)) for answer in part]
        if not trainer.is_global_zero:
            return
        self._keep_pictures([prompt.sample for prompt in batch.items])
        with appended_file(self._path) as file:
            for answer in everyone:
                key = (answer.source, answer.id, answer.sampling, answer.index)
                if key not in self._seen:  # loaders repeat items to give every rank equally many
                    self._seen.add(key)
                    pictures = self._pictures.get((answer.source, answer.id))
                    record = asdict(answer) | ({"pictures": pictures} if pictures else {})
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def _keep_pictures(self, samples: Sequence[Sample]) -> None:
        folder = self._path.parent / "pictures"
        for sample in samples:
            key = (sample.source, sample.id)
            kept = sum(source == sample.source for source, _ in self._pictures)
            if not sample.images or key in self._pictures or kept >= self.pictures:
                continue
            folder.mkdir(exist_ok=True)
            names = [f"{len(self._pictures):03d}_{i}.png" for i in range(len(sample.images))]
            for name, image in zip(names, sample.load_images(), strict=True):
                image.save(folder / name)
            self._pictures[key] = [f"pictures/{name}" for name in names]
