"""Samples on disk, as many as there are, with their pictures' bytes inside: Arrow files that are mapped into memory."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
from numpy.typing import NDArray

from revisual.core.errors import UserError
from revisual.core.files import replaced_path
from revisual.data.images import ImageSource
from revisual.data.sample import Sample

PICTURE = pa.struct({"bytes": pa.binary(), "path": pa.string()})
SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "source": pa.string(),
        "question": pa.string(),
        "answer": pa.string(),
        "choices": pa.list_(pa.string()),
        "solution": pa.string(),
        "images": pa.list_(PICTURE),
        "extra": pa.string(),
    }
)
"""`extra` is JSON: sources differ in what they hold there."""
MOST_OPEN = 64
"""Files mapped at the same time."""
BATCH = 256
"""Samples read together."""


def write_samples(path: Path, samples: Sequence[Sample]) -> None:
    """Write one file of the store.

    Raises:
        UserError: a picture cannot be read.
    """
    batch = pa.RecordBatch.from_pylist([row_of(sample) for sample in samples], schema=SCHEMA)
    with replaced_path(path) as part, pa.OSFile(str(part), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
        writer.write_batch(batch)


def row_of(sample: Sample) -> dict[str, Any]:
    """Return a sample under the names of `SCHEMA`."""
    return {
        "id": sample.id,
        "source": sample.source,
        "question": sample.question,
        "answer": sample.answer,
        "choices": None if sample.choices is None else list(sample.choices),
        "solution": sample.solution,
        "images": [{"bytes": picture_bytes(image, sample.id), "path": None} for image in sample.images],
        "extra": json.dumps(sample.extra, ensure_ascii=False, default=str),
    }


def picture_bytes(source: ImageSource, sample_id: str) -> bytes:
    """Return a picture's file as it is; a picture in memory as PNG.

    Raises:
        UserError: the picture is missing, outside its folder or none.
    """
    source.size(sample_id)  # checks all of that
    if (data := source.encode()) is not None:
        return data
    if source.path is not None and source.root is not None:
        return (source.root / source.path).read_bytes()
    buffer = BytesIO()
    source.load(sample_id).save(buffer, format="PNG")
    return buffer.getvalue()


def sample_of(row: Mapping[str, Any]) -> Sample:
    """Return the sample of a row."""
    return Sample(
        id=row["id"],
        question=row["question"],
        answer=row["answer"],
        source=row["source"],
        images=tuple(ImageSource(data=image["bytes"]) for image in row["images"] or ()),
        choices=None if row["choices"] is None else tuple(row["choices"]),
        solution=row["solution"],
        extra=json.loads(row["extra"]),
    )


class SampleStore:
    """The samples of all Arrow files below a folder, by their names; a sample's number is its place in that order.

    Example: `SampleStore(Path("out/collect/samples")).sample(17)`
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open = lru_cache(maxsize=MOST_OPEN)(_batch)
        self._paths: list[Path] | None = None

    def files(self) -> list[Path]:
        """Return the files of the store in their order."""
        if self._paths is None:
            self._paths = sorted(self.folder.glob("*/kept-*.arrow"))
            self._starts = np.cumsum([0, *(self._open(path).num_rows for path in self._paths)])
        return self._paths

    def __len__(self) -> int:
        self.files()
        return int(self._starts[-1])

    def sample(self, row: int) -> Sample:
        """Return the sample of a number."""
        return next(self.samples([row]))

    def samples(self, rows: Sequence[int] | NDArray[np.int64]) -> Iterator[Sample]:
        """Yield the samples of ascending numbers, read a batch at a time."""
        for row in self.rows(rows):
            yield sample_of(row)

    def rows(self, rows: Sequence[int] | NDArray[np.int64], columns: Sequence[str] = SCHEMA.names) -> Iterator[Any]:
        """Yield some columns of the samples of ascending numbers, as objects."""
        files = self.files()
        wanted = np.asarray(rows, dtype=np.int64)
        if len(wanted) and not 0 <= wanted.min() <= wanted.max() < self._starts[-1]:
            raise UserError(f"{self.folder}: holds {len(self)} samples, fewer than are asked for")
        owners = np.searchsorted(self._starts, wanted, side="right") - 1
        for start in range(0, len(wanted), BATCH):
            part, owner = wanted[start : start + BATCH], owners[start : start + BATCH]
            for place in np.unique(owner):
                batch = self._open(files[place]).select(list(columns))
                yield from batch.take(pa.array(part[owner == place] - self._starts[place])).to_pylist()


def _batch(path: Path) -> pa.RecordBatch:
    try:
        with pa.memory_map(str(path)) as file:
            return pa.ipc.open_file(file).get_batch(0)
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
