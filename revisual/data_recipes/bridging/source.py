"""Samples from several readers, one at a time, so that pictures in memory do not pile up."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from revisual.core.errors import UserError
from revisual.data.readers import SampleReader
from revisual.data.readers.base import stream_all
from revisual.data.sample import Sample


def stream_samples(
    readers: Sequence[SampleReader], root: Path | None = None, limit: int | None = None
) -> Iterator[Sample]:
    """Yield the samples of all readers, in order, at most `limit`; readers' relative paths are taken from `root`.

    Example: `stream_samples([JSONLReader("geometry3k/train.jsonl")], limit=100)`

    Raises:
        UserError: a reader fails, or two samples have the same source and id.
    """
    return islice(stream_all(readers, root), limit)


def check_readers(readers: Sequence[SampleReader], root: Path | None = None) -> None:
    """Read the first sample of each reader, so that a wrong path or column is told before anything is asked.

    Raises:
        UserError: there is no reader, or one cannot give a sample.
    """
    if not readers:
        raise UserError("data: no reader is given")
    for reader in readers if root is None else [reader.under(root) for reader in readers]:
        next(iter(reader()), None)
