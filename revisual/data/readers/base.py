"""The contract of a reader, and what those of tables share: columns, limits, bad rows and duplicates."""

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from revisual.core.errors import UserError
from revisual.core.ranges import PositiveInt, Ranged
from revisual.data.readers.row import FIELDS, Row, sample_from_row
from revisual.data.readers.unread_pictures import find_picture_column
from revisual.data.sample import Sample

logger = logging.getLogger(__name__)

LOOKED_AT = 20
"""Rows that are searched for pictures which no column is named for."""


class SampleReader(Ranged, ABC):
    """Gives the samples of a data set, each time that it is called."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The source's name in messages, e.g. `data/train.jsonl`."""

    @abstractmethod
    def __call__(self) -> Iterator[Sample]:
        """Give the samples in order, read as they are asked for."""

    def under(self, root: str | Path) -> "SampleReader":
        """Return the reader with a relative path taken from `root`; without a path (a hub's name), the same."""
        return self


@dataclass(frozen=True, kw_only=True)
class TableReader(SampleReader):
    """Reads rows of named columns.

    A field of `Sample` is read from the column of the same name, if there is one, or from the one named in `columns`,
    which must exist. Numbers become text, and one picture a list of one. `<image>` is removed from a question if it
    stands there once per picture, as pictures go before the text; `<image 1>` and so on in order place them.

    Example: `JSONLReader("gsm8k/train.jsonl", columns={"solution": "extra.solution"}, limit=100)`

    Args:
        columns: from a field of `Sample` to a column; a dot goes into an object: `{"solution": "extra.solution"}`.
        root: the folder that pictures' paths are relative to and must not leave; by default that of the data.
        source: the source of all samples, in place of a column.
        limit: give at most this many samples.
        solution_without: a regular expression; what it matches is cut out of solutions.
        require_answer: refuse rows without an answer.
        answer_index: answers beside choices are places among them; the first one's number, 0 or 1.
        skip_invalid: leave out bad rows, with a warning that counts them, instead of stopping at the first.
    """

    columns: dict[str, str] = field(default_factory=dict)
    root: str | Path | None = None
    source: str | None = None
    limit: PositiveInt | None = None
    solution_without: str | None = None
    require_answer: bool = True
    answer_index: Literal[0, 1] | None = None
    skip_invalid: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = [name for name in self.columns if name not in FIELDS]
        if unknown:
            raise UserError(f"columns: a sample has no field {unknown[0]!r}; it has {', '.join(FIELDS)}")
        try:
            re.compile(self.solution_without or "")
        except re.error as error:
            raise UserError(f"solution_without: {self.solution_without!r} is no regular expression: {error}") from error

    @abstractmethod
    def rows(self) -> Iterator[Row | UserError]:
        """Give the rows in order; one that cannot be read as its error, so that it can be skipped.

        Raises:
            UserError: the data is missing or cannot be read any further.
        """

    def __call__(self) -> Iterator[Sample]:
        """Give the samples in order, read as they are asked for.

        Raises:
            UserError: there is no row, or a bad one; names the file and the line or row.
        """
        places: dict[str, str] = {}
        skipped = 0
        reason: UserError | None = None
        unread: str | None = None
        for row in self.rows():
            try:
                sample = self._sample(row, places)
            except UserError as error:
                if not self.skip_invalid:
                    raise
                skipped += 1
                reason = reason or error
                continue
            if unread is None and len(places) <= LOOKED_AT and not sample.images and isinstance(row, Row):
                unread = find_picture_column(row.values, self.columns)
                if unread is not None:
                    logger.warning(
                        "%s: column %r holds pictures and is not read; to use them give columns: {images: %s}",
                        self.label, unread, unread,
                    )  # fmt: skip
            yield sample
            if len(places) == self.limit:
                break
        if not places:
            raise UserError(f"{self.label}: no rows" if reason is None else f"all {skipped} rows are bad; {reason}")
        if skipped:
            logger.warning("%s: skipped %d bad rows; the first: %s", self.label, skipped, reason)

    def _sample(self, row: Row | UserError, places: dict[str, str]) -> Sample:
        if isinstance(row, UserError):
            raise row
        try:
            sample = sample_from_row(row, self.columns, self.source, self.require_answer, self.answer_index)
            if self.solution_without is not None and sample.solution is not None:
                sample = replace(sample, solution=re.sub(self.solution_without, "", sample.solution) or None)
            if sample.id in places:
                raise UserError(f"the id {sample.id!r} is taken by {places[sample.id]}")
        except UserError as error:
            raise UserError(f"{row.place}: {error}") from None
        places[sample.id] = row.place
        return sample


def read_all(readers: Sequence[SampleReader], root: str | Path | None = None) -> list[Sample]:
    """Return the samples of all readers, in order; readers' relative paths are taken from `root`.

    Example: `read_all([JSONLReader("gsm8k/train.jsonl"), JSONLReader("tabmwp/dev1k.jsonl")])`

    Raises:
        UserError: a reader fails, or two samples have the same source and id.
    """
    return list(stream_all(readers, root))


def stream_all(readers: Sequence[SampleReader], root: str | Path | None = None) -> Iterator[Sample]:
    """Yield the samples of all readers one at a time, so that pictures in memory do not pile up; as `read_all`."""
    return (sample for _, sample in stream_with_labels(readers, root))


def stream_with_labels(readers: Sequence[SampleReader], root: str | Path | None = None) -> Iterator[tuple[str, Sample]]:
    """Yield each sample with its reader's label; as `read_all`."""
    labels: dict[tuple[str, str], str] = {}
    for reader in readers if root is None else [reader.under(root) for reader in readers]:
        for sample in reader():
            key = (sample.source, sample.id)
            if key in labels:
                raise UserError(
                    f"{reader.label}: the id {sample.id!r} of source {sample.source!r} is also in {labels[key]}; "
                    "give one of the readers a source of its own"
                )
            labels[key] = reader.label
            yield reader.label, sample
