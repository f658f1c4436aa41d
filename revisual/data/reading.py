"""What each reader of a split gave, in one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from revisual.data.sample import Sample


@dataclass(frozen=True)
class ReaderSummary:
    """What became of one reader's samples.

    Args:
        label: the reader's.
        samples: those that it gave.
        with_pictures: those of them that have pictures.
        pictures: of all of them.
        lengths: the tokens of each kept sample: of its prompt, with its pictures, and of the response that it teaches.
        undecodable: samples dropped for a picture.
        too_long: samples dropped for their length.
    """

    label: str
    samples: int
    with_pictures: int
    pictures: int
    lengths: Sequence[int]
    undecodable: int = 0
    too_long: int = 0

    def __str__(self) -> str:
        """Return the line.

        Example: `a: 60 samples, 24 with pictures (30), 31 tokens on average and at most 50; 3 dropped for their length`
        """
        pictures = "no pictures" if not self.pictures else f"{self.with_pictures:,} with pictures ({self.pictures:,})"
        mean = round(sum(self.lengths) / len(self.lengths)) if self.lengths else 0
        tokens = f"{mean:,} tokens on average and at most {max(self.lengths, default=0):,}"
        dropped = {"a picture that cannot be decoded": self.undecodable, "their length": self.too_long}
        told = "".join(f"; {count:,} dropped for {why}" for why, count in dropped.items() if count)
        return f"{self.label}: {self.samples:,} samples, {pictures}, {tokens}{told}"


def summarize_readers(
    read: Sequence[tuple[str, Sample]], decodable: Sequence[Sample], lengths: Sequence[int], kept: Sequence[Sample]
) -> list[ReaderSummary]:
    """Return a summary for each reader.

    Args:
        read: all samples, each with its reader's label.
        decodable: those of them whose pictures can be decoded.
        lengths: the tokens of each of these.
        kept: those of these that are not too long.
    """
    tokens = {id(sample): count for sample, count in zip(decodable, lengths, strict=True)}
    left = {id(sample) for sample in kept}
    made = []
    for label in dict.fromkeys(label for label, _ in read):
        own = [sample for name, sample in read if name == label]
        made.append(
            ReaderSummary(
                label,
                len(own),
                sum(bool(sample.images) for sample in own),
                sum(len(sample.images) for sample in own),
                [tokens[id(sample)] for sample in own if id(sample) in left],
                undecodable=sum(id(sample) not in tokens for sample in own),
                too_long=sum(id(sample) in tokens and id(sample) not in left for sample in own),
            )
        )
    return made


def measured_samples(trainer: Any, split: Literal["validation", "test"]) -> Sequence[Sample]:
    """Return the samples that a trainer's measurements are of; none for a part of a split, or other data modules."""
    limit = trainer.limit_test_batches if split == "test" else trainer.limit_val_batches
    if isinstance(limit, int) or limit != 1.0:  # 1 is one batch, and 1.0 are all of them
        return ()
    datasets = getattr(getattr(trainer, "datamodule", None), "datasets", {})
    samples: Sequence[Sample] = getattr(datasets.get(split), "samples", ())
    return samples
