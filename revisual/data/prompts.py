"""Prompts for rollouts and for evaluation."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningDataModule
from lightning.pytorch.utilities import rank_zero_info
from torch.utils.data import Dataset
from typing_extensions import override

from revisual.core.distributed import get_rank
from revisual.core.errors import UserError
from revisual.core.ranges import Count, PositiveInt, Seed, Workers, check_ranges
from revisual.data.doubts import find_doubts
from revisual.data.encoding import PromptEncoder
from revisual.data.loader import BatchLoader
from revisual.data.picture_check import drop_undecodable
from revisual.data.prompt import EncodedPrompt
from revisual.data.readers import SampleReader
from revisual.data.readers.base import stream_with_labels
from revisual.data.reading import ReaderSummary, summarize_readers
from revisual.data.rounds import PromptChooser, RoundLoader
from revisual.data.sample import Sample, prompt_key

log = logging.getLogger(__name__)


def _tell(split: str, read: Sequence[tuple[str, Sample]], summaries: Sequence[ReaderSummary]) -> None:
    """Say what each reader gave, and what is likely to be wrong with it."""
    for summary in summaries:
        rank_zero_info(f"data.{split}: {summary}")
        for doubt in find_doubts([sample for label, sample in read if label == summary.label]):
            log.warning("data.%s: %s: %s", split, summary.label, doubt)


def _encoder_of(trainer: Any) -> PromptEncoder:
    """Return the encoder of a trainer's module.

    Raises:
        UserError: it has none.
    """
    module: Any = trainer.lightning_module
    encoder: PromptEncoder | None = getattr(module, "encoder", None)
    if encoder is None:
        raise UserError(
            f"{type(module).__name__} has no encoder, which data is read with: give a module around another one the "
            "attributes encoder, updates_per_batch and looks_ahead of that"
        )
    return encoder


class PromptDataset(Dataset[EncodedPrompt]):
    """Samples, encoded when they are asked for."""

    def __init__(self, samples: Sequence[Sample], encoder: PromptEncoder) -> None:
        self.samples, self.encoder = samples, encoder

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> EncodedPrompt:
        return self.encoder.encode(self.samples[index])


class PromptDataModule(LightningDataModule):
    """Prompts from any readers, for `fit`, `validate`, `test` and `predict`.

    The encoder, and the number of updates over a batch, are the module's: `trainer.lightning_module`.

    Args:
        train: where the samples come from that are learned from.
        validation: where those come from that are answered while training.
        test: those of `revisual test`.
        predict: those of `revisual predict`.
        root: the folder that readers' relative paths start from; by default the working directory.
        batch_size: prompts per rollout (or examples per optimizer step) and process.
        evaluation_batch_size: prompts answered at once and process.
        max_prompt_tokens: pictures included; a longer prompt is dropped and counted, never cut.
        num_workers: processes that encode prompts beside the one that trains.
        seed: of the order of the samples; linked to `seed_everything`.
    """

    def __init__(
        self,
        train: Sequence[SampleReader] = (),
        validation: Sequence[SampleReader] = (),
        test: Sequence[SampleReader] = (),
        predict: Sequence[SampleReader] = (),
        root: str | Path | None = None,
        batch_size: Count = 8,
        evaluation_batch_size: Count = 64,
        max_prompt_tokens: PositiveInt = 8192,
        num_workers: Workers = 0,
        seed: Seed = 0,
    ) -> None:
        super().__init__()
        self.readers = {"train": train, "validation": validation, "test": test, "predict": predict}
        self.root = root
        self.batch_size, self.evaluation_batch_size = batch_size, evaluation_batch_size
        self.max_prompt_tokens, self.num_workers, self.seed = max_prompt_tokens, num_workers, seed
        check_ranges(self)
        self.datasets: dict[str, Dataset[Any]] = {}
        self.longest: dict[str, int] = {}
        """Tokens of the longest item of each split that was read."""
        self.read: dict[str, list[ReaderSummary]] = {}
        """What each reader of a split gave."""

    def setup(self, stage: str) -> None:
        """Read what `stage` needs, and drop what is too long.

        Raises:
            UserError: there is nothing to read, or nothing is left.
        """
        stage = str(getattr(stage, "value", stage))  # Lightning's enum prints as TrainerFn.PREDICTING
        splits = {"fit": ("train", "validation"), "validate": ("validation",)}.get(stage, (stage,))
        encoder = _encoder_of(self.trainer)
        for split in splits:
            if split in self.datasets or (split == "validation" and not self.readers[split]):
                continue
            if not self.readers[split]:
                raise UserError(f"data.{split}: `{stage}` needs samples, and no reader is given")
            given = stream_with_labels(self.readers[split], self.root)
            read = [(label, item) for label, sample in given for item in self.items(split, [sample])]
            samples = drop_undecodable([sample for _, sample in read], f"data.{split}")
            lengths = [self.lengths(sample, encoder, split) for sample in samples]
            kept = self.fitting(samples, lengths, split)
            self.read[split] = summarize_readers(read, samples, [sum(each) for each in lengths], kept)
            if get_rank() == 0:
                _tell(split, read, self.read[split])
            self.datasets[split] = self.dataset(split, kept, encoder)

    def dataset(self, split: str, samples: Sequence[Sample], encoder: PromptEncoder) -> Dataset[Any]:
        """Return the items of a split."""
        return PromptDataset(samples, encoder)

    def items(self, split: str, samples: Sequence[Sample]) -> list[Sample]:
        """Return what of the samples is handed out one by one: themselves."""
        return list(samples)

    def lengths(self, sample: Sample, encoder: PromptEncoder, split: str) -> tuple[int, int]:
        """Return the tokens of a sample's prompt and of the response that it teaches, which is 0 for a prompt alone."""
        return encoder.prompt_tokens(sample), 0

    def fits(self, prompt: int, response: int) -> bool:
        """Return whether so many tokens are within the limits."""
        return prompt <= self.max_prompt_tokens

    def limits(self, split: str) -> str:
        """Return the limits of a split in words, by the names of their settings."""
        return f"max_prompt_tokens is {self.max_prompt_tokens}"

    def fitting(self, samples: Sequence[Sample], lengths: Sequence[tuple[int, int]], split: str) -> list[Sample]:
        """Return the samples within the limits; what is dropped is counted in the log.

        Args:
            samples: of the split.
            lengths: of each, as by the method `lengths`.
            split: its name.

        Raises:
            UserError: none is.
        """
        kept = [place for place, each in enumerate(lengths) if self.fits(*each)]
        if len(kept) < len(samples):
            dropped = len(samples) - len(kept)
            if get_rank() == 0:
                log.warning(
                    "data.%s: %d of %d samples are too long and dropped; the longest have %d tokens of prompt and "
                    "%d of response, and %s",
                    split, dropped, len(samples), *map(max, zip(*lengths, strict=True)), self.limits(split),
                )  # fmt: skip
        if not kept:
            raise UserError(f"data.{split}: none of the {len(samples)} samples is within the limits of tokens")
        self.longest[split] = max(sum(lengths[place]) for place in kept)
        return [samples[place] for place in kept]

    @override
    def train_dataloader(self) -> BatchLoader[Any]:
        repeat: int = self.trainer.lightning_module.updates_per_batch  # type: ignore[union-attr,assignment]
        if len(self.datasets["train"]) < self.batch_size * self.trainer.world_size:  # type: ignore[union-attr,arg-type]
            raise UserError(f"data.batch_size: {self.batch_size} is more than there are training samples")
        callbacks: list[Any] = self.trainer.callbacks  # type: ignore[union-attr]
        for chooser in callbacks:
            if isinstance(chooser, PromptChooser):
                return self._rounds(chooser, repeat)
        look_ahead: bool = self.trainer.lightning_module.looks_ahead  # type: ignore[union-attr,assignment]
        return self._loader("train", self.batch_size, repeat=repeat, shuffle=True, look_ahead=look_ahead)

    @override
    def val_dataloader(self) -> BatchLoader[Any] | list[BatchLoader[Any]]:
        return self._loader("validation", self.evaluation_batch_size) if "validation" in self.datasets else []

    @override
    def test_dataloader(self) -> BatchLoader[Any]:
        return self._loader("test", self.evaluation_batch_size)

    @override
    def predict_dataloader(self) -> BatchLoader[Any]:
        return self._loader("predict", self.evaluation_batch_size)

    def _rounds(self, chooser: PromptChooser, repeat: int) -> RoundLoader[Any]:
        trainer: Any = self.trainer
        dataset: Any = self.datasets["train"]
        return RoundLoader(
            dataset,
            self.batch_size,
            chooser,
            [prompt_key(sample) for sample in dataset.samples],
            repeat=repeat,
            seed=self.seed,
            rank=trainer.global_rank,
            world_size=trainer.world_size,
            num_workers=self.num_workers,
        )

    def _loader(
        self, split: str, batch_size: Count, *, repeat: int = 1, shuffle: bool = False, look_ahead: bool = False
    ) -> BatchLoader[Any]:
        trainer: Any = self.trainer
        return BatchLoader(
            self.datasets[split],
            batch_size,
            repeat=repeat,
            seed=self.seed,
            shuffle=shuffle,
            drop_last=shuffle,
            rank=trainer.global_rank,
            world_size=trainer.world_size,
            num_workers=self.num_workers,
            look_ahead=look_ahead,
        )
