"""Binary files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@contextmanager
def replaced_path(path: Path) -> Iterator[Path]:
    """A path to write to; what is there takes the place of `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def save_array(path: Path, array: NDArray[np.generic]) -> None:
    """An array as .npy."""
    with replaced_path(path) as draft, draft.open("wb") as file:
        np.save(file, array, allow_pickle=False)
