"""Samples from Parquet files."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from glob import glob
from pathlib import Path

import pyarrow.parquet as pq

from revisual.core.errors import UserError
from revisual.data.readers.base import TableReader
from revisual.data.readers.row import Row

# Rows may hold whole pictures, so that a batch of this many is already some tens of megabytes.
BATCH_SIZE = 64


@dataclass(frozen=True)
class ParquetReader(TableReader):
    """Reads a Parquet file, the `.parquet` files anywhere in a folder, or those that a pattern matches, by name.

    Pictures are bytes, paths, or objects with `bytes` and `path`. Paths are relative to the folder, if that is what
    is given, and else to the folder of each file.

    Example: `ParquetReader("mmk12/train-*.parquet", columns={"images": "image"})`

    Args:
        path: the file, folder or pattern.
    """

    path: str | Path

    @property
    def label(self) -> str:
        """The path or pattern."""
        return str(self.path)

    def under(self, root: str | Path) -> "ParquetReader":  # noqa: D102
        return replace(self, path=Path(root) / self.path)

    def rows(self) -> Iterator[Row | UserError]:
        """The rows of all files; ids default to e.g. `train-00000:3`, counted from 1 in each file."""
        for file in self._files():
            root = self.root or (self.path if Path(self.path).is_dir() else file.parent)
            number = 0
            try:
                with pq.ParquetFile(file) as table:
                    for batch in table.iter_batches(batch_size=BATCH_SIZE):
                        for values in batch.to_pylist():
                            number += 1
                            yield Row(f"{file}, row {number}", f"{file.stem}:{number}", values, Path(root))
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
