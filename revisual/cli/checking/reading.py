"""The first rows of a run's data, read and encoded as the run would."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from revisual.core.errors import UserError
from revisual.data.doubts import find_doubts
from revisual.data.readers import HFDatasetReader, SampleReader

SPLITS = {"fit": ("train", "validation"), "validate": ("validation",), "test": ("test",), "predict": ("predict",)}
"""What each command reads; validation is optional while training."""
ROWS = 20
"""Of each reader, which are read."""


def read_first_rows(data: Any, command: str, encoder: Any | None) -> Iterator[str]:
    """Yield a line for each reader.

    Args:
        data: the run's data module.
        command: `fit`, `validate`, `test` or `predict`.
        encoder: makes tokens of samples; None where the model is not there yet.

    Raises:
        UserError: a split has no reader, or one cannot read what is there.
    """
    if not isinstance(getattr(data, "readers", None), dict):
        yield f"{type(data).__name__}: a data module of your own, which is not read here"
        return
    for split in SPLITS[command]:
        readers = data.readers[split]
        if not readers and not (command == "fit" and split == "validation"):
            raise UserError(f"data.{split}: `{command}` needs samples, and no reader is given")
        for reader in readers:
            try:
                yield f"{split}: {_first_rows(reader, data, split, encoder)}"
            except UserError as error:
                raise UserError(f"data.{split}: {error}") from error


def _first_rows(reader: SampleReader, data: Any, split: str, encoder: Any | None) -> str:
    reader = reader if data.root is None else reader.under(data.root)
    if isinstance(reader, HFDatasetReader) and not Path(reader.name).is_dir():
        return f"{reader.label}: of the hub, and not read here"
    samples = list(islice(reader(), ROWS))
    pictured = [sample for sample in samples if sample.images]
    if pictured:
        pictured[0].images[0].check(pictured[0].id)
    count = f"the first {ROWS} samples" if len(samples) == ROWS else f"all {len(samples)} samples"
    told = [f"{reader.label}: {count}, {len(pictured) or 'none'} with pictures"]
    if encoder is not None:
        lengths = [sum(data.lengths(sample, encoder, split)) for sample in samples]
        told.append(f", {min(lengths)} to {max(lengths)} tokens")
    told.append(f"; the first: {samples[0].question[:60]!r} -> {samples[0].answer[:30]!r}")
    return "".join([*told, *(f"\n      look at this: {doubt}" for doubt in find_doubts(samples))])
