"""Where a benchmark's rows come from: a folder of data or the hub, in the layout of either."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from revisual.core.errors import UserError
from revisual.data.readers.hf import HFDatasetReader
from revisual.data.readers.jsonl import JSONLReader
from revisual.data.readers.row import Row


@dataclass(frozen=True)
class Source:
    """A benchmark's data in its two layouts.

    Example: `Source(hub="MathLLMs/MathVision", split="test", jsonl="mathvision/testmini.jsonl")`

    Args:
        hub: the name on the hub, also that of a local folder with the same files.
        subset: its configuration, if it has several.
        split: of the hub's data set.
        jsonl: a file below the data folder, with the fields of `Sample`, and others in `extra`.
    """

    hub: str | None = None
    subset: str | None = None
    split: str = "test"
    jsonl: str | None = None

    def rows(self, root: Path | None) -> Iterator[Row]:
        """Yield the rows, from below `root` or, without it, from the hub; `extra` stands among the other columns.

        Below `root`, the JSONL file comes first, then a folder with the hub's files: `root/OWNER/NAME` or `root/NAME`.

        Raises:
            UserError: there is no such data, or it cannot be read; names the places.
        """
        for row in self._reader(root).rows():
            if isinstance(row, UserError):
                raise row
            yield replace(row, values=_with_extra(row.values))

    def jsonl_below(self, root: Path | None) -> Path | None:
        """Return the JSONL file, if it is there."""
        path = None if root is None or self.jsonl is None else root / self.jsonl
        return path if path is not None and path.is_file() else None

    def _reader(self, root: Path | None) -> JSONLReader | HFDatasetReader:
        if root is None:
            if self.hub is None:
                raise UserError("this benchmark is not on the hub in a form that can be loaded; give a folder of data")
            return HFDatasetReader(self.hub, split=self.split, subset=self.subset)
        if not root.is_dir():
            raise UserError(f"{root}: no such folder")
        path = self.jsonl_below(root)
        if path is not None:
            return JSONLReader(path)
        folders = [] if self.hub is None else [root / self.hub, root / self.hub.rpartition("/")[2]]
        for folder in folders:
            if folder.is_dir():
                return HFDatasetReader(str(folder), split=self.split, subset=self.subset)
        places = [root / self.jsonl] if self.jsonl is not None else []
        raise UserError(f"{root}: none of these exists: {', '.join(map(str, [*places, *folders]))}")


def _with_extra(values: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = values.get("extra")
    return {**extra, **values} if isinstance(extra, Mapping) else values
