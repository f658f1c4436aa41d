"""Samples from Parquet files."""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from glob import glob
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.files import cache_folder, locked, sync_file
from revisual.data.images import StoredBytes, file_fingerprint
from revisual.data.readers.class_labels import has_classes, with_class_names
from revisual.data.readers.file import FileReader
from revisual.data.readers.row import Row, find_column, picture_bytes

logger = logging.getLogger(__name__)

# Rows may hold whole pictures, so that a batch of this many is already some tens of megabytes.
BATCH_SIZE = 64
GROUP_BYTES = 64_000_000
"""Of pictures in a row group that is read for one of them."""


@dataclass(frozen=True)
class ParquetReader(FileReader):
    """Reads a Parquet file, the `.parquet` files anywhere in a folder, or those that a pattern matches, by name.

    Pictures are bytes, paths, or objects with `bytes` and `path`. Paths are relative to the folder, if that is what
    is given, and else to the folder of each file.

    Example: `ParquetReader("mmk12/train-*.parquet", columns={"images": "image"})`

    Args:
        path: the file, folder or pattern.
    """

    def rows(self) -> Iterator[Row | UserError]:
        """Give the rows of all files; ids default to e.g. `train-00000:3`, counted from 1 in each file."""
        for file in self._files():
            root = Path(self.root or (self.path if Path(self.path).is_dir() else file.parent))
            number = 0
            try:
                names = dict.fromkeys(pq.read_schema(file).names, True)
                stored = with_small_groups(file, find_column("images", names, self.columns))
                for group, place, values in _rows(stored or file):
                    number += 1
                    again = None if stored is None else partial(ParquetBytes, str(file), str(stored), group, place)
                    yield Row(f"{file}, row {number}", f"{file.stem}:{number}", values, root, again)
            except (ValueError, OSError) as error:  # ArrowInvalid is a ValueError
                reason = " ".join(str(error).split())
                raise UserError(f"{file}, after row {number}: cannot be read as Parquet: {reason}") from error

    def _files(self) -> list[Path]:
        path = Path(self.path)
        if path.is_file():
            return [path]
        found = sorted(path.rglob("*.parquet") if path.is_dir() else map(Path, glob(str(path), recursive=True)))
        files = [file for file in found if file.is_file()]
        if not files:
            raise UserError(f"{path}: {'no .parquet file in this folder' if path.is_dir() else 'no such file'}")
        return files


@dataclass(frozen=True, slots=True)
class ParquetBytes(StoredBytes):
    """A picture in a Parquet file.

    Args:
        named: the file that the user knows.
        file: the one that is read: the same, or a copy with smaller row groups.
        group: the row group.
        row: in the group.
        column: of the pictures.
        place: in the row's list of pictures; none: the row has one picture.
    """

    named: str
    file: str
    group: int
    row: int
    column: str
    place: int | None

    @override
    def read(self) -> bytes:
        group = _pictures(self.file, os.stat(self.file).st_mtime_ns, self.group, self.column)
        return picture_bytes(group.slice(self.row, 1).to_pylist()[0], self.column, self.place)

    @override
    def fingerprint(self) -> str:
        return f"{file_fingerprint(Path(self.named))} {self.group} {self.row} {self.column} {self.place}"

    def __str__(self) -> str:
        return f"in {self.named}"


@lru_cache(maxsize=1)
def _pictures(file: str, time: int, group: int, column: str) -> pa.Table:
    """Return one column of a row group; the last one is kept, for who goes through pictures in order."""
    # Not through pyarrow's threads: workers of a loader are forks, which have none.
    with pq.ParquetFile(file) as table:
        own = [name for name in (column, column.split(".")[0]) if name in table.schema_arrow.names]
        return table.read_row_group(group, columns=own[:1], use_threads=False)


def _rows(file: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Give each row with its row group and its place there."""
    with pq.ParquetFile(file) as table:
        features = _features(table.schema_arrow.metadata or {})
        for group in range(table.num_row_groups):
            place = 0
            for batch in table.iter_batches(batch_size=BATCH_SIZE, row_groups=[group]):
                for values in batch.to_pylist():
                    yield group, place, with_class_names(values, features) if features else values
                    place += 1


def _features(metadata: Mapping[bytes, bytes]) -> Mapping[str, Any]:
    """Return what `datasets` wrote of the columns into a file, if it names classes; else nothing."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return features if isinstance(features, dict) and has_classes(features) else {}


def with_small_groups(file: Path, column: str) -> Path | None:
    """Return a file of the same rows from which one picture can be read at little cost; none without pictures' bytes.

    To read one picture its whole row group is read. Files with large groups are copied into the cache folder, by the
    first process of a machine that needs them, with `BATCH_SIZE` rows to a group.
    """
    with pq.ParquetFile(file) as table:
        largest = _largest_group(table.metadata, column.split(".")[0])
        if largest <= GROUP_BYTES:
            return file if largest else None
    place = file.stat()
    name = sha256(f"{file.resolve()} {place.st_size} {place.st_mtime_ns}".encode()).hexdigest()[:32]
    copy = cache_folder() / "pictures" / f"{name}.parquet"
    with locked(copy.with_suffix(".lock")):
        if not copy.exists():
            logger.info("%s: copied to %s with smaller row groups, as pictures are read one by one", file, copy)
            draft = copy.with_suffix(".part")
            with pq.ParquetFile(file) as table, pq.ParquetWriter(draft, table.schema_arrow) as writer:
                for batch in table.iter_batches(batch_size=BATCH_SIZE):
                    writer.write_batch(batch, row_group_size=BATCH_SIZE)
            sync_file(draft)
            draft.rename(copy)
    return copy


def _largest_group(metadata: pq.FileMetaData, column: str) -> int:
    """Return the bytes of the column's largest row group, if it holds bytes at all and not only paths."""
    sizes = [0]
    for group in range(metadata.num_row_groups):
        own = [metadata.row_group(group).column(i) for i in range(metadata.num_columns)]
        own = [chunk for chunk in own if chunk.path_in_schema.split(".")[0] == column]
        kinds = {metadata.schema.column(i).path: metadata.schema.column(i) for i in range(metadata.num_columns)}
        has_bytes = any(
            chunk.physical_type == "BYTE_ARRAY" and kinds[chunk.path_in_schema].logical_type.type == "NONE"
            for chunk in own
        )
        if has_bytes:
            sizes.append(sum(chunk.total_uncompressed_size for chunk in own))
    return max(sizes)
