"""What readers of files share."""

from dataclasses import dataclass, replace
from pathlib import Path

from typing_extensions import override

from revisual.core.ranges import FilledText
from revisual.data.readers.base import TableReader


@dataclass(frozen=True)
class FileReader(TableReader):
    """A reader of what stands at a path.

    Args:
        path: a file; subclasses may take more.
    """

    path: FilledText | Path

    @property
    @override
    def label(self) -> str:
        """The path."""
        return str(self.path)

    @override
    def under(self, root: str | Path) -> "FileReader":
        return replace(self, path=Path(root) / self.path)
