"""A disk that is full: no file may grow beyond so many bytes."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LEFT = (".part", ".revisual-new", ".revisual-old")
"""What ends the names of what is half written."""


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes within: writing further fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def leftovers(folder: Path) -> list[str]:
    """Return what was left half written below a folder."""
    return [str(path) for path in folder.rglob(".*") if path.suffix in LEFT]
