"""Arrays with a row per item that are made a chunk at a time, each kept on disk as soon as it is there."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from revisual.core.files import replaced_path
from revisual.core.progress import Task
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.store import SampleStore

CHUNK = 2048


def array_of(
    folder: Path,
    store: SampleStore,
    rows: NDArray[np.int64],
    make: Callable[[Sequence[Sample]], NDArray[np.generic]],
    progress: Task,
    chunk: int = CHUNK,
) -> NDArray[np.generic]:
    """Return what `make` returns for the samples of `rows` as one array [N, ...], mapped into memory from a file.

    It is made chunk by chunk; chunks of an earlier call are read back. The folder must not outlive a change of rows or
    of what `make` does.
    """
    whole = folder / "all.npy"
    if whole.is_file():
        progress.add(len(rows))
        return _map_array(whole)
    parts = []
    for number, start in enumerate(range(0, len(rows), chunk)):
        path = folder / f"{number:06d}.npy"
        part = rows[start : start + chunk]
        if not path.is_file():
            save_array(path, make(list(store.samples(part))))
        parts.append(_map_array(path))
        progress.add(len(part))
    save_joined(whole, parts, len(rows))
    for path in folder.glob("[0-9]*.npy"):
        path.unlink()
    return _map_array(whole)


def _map_array(path: Path) -> NDArray[np.generic]:
    return np.load(path, allow_pickle=False, mmap_mode="r")


def save_joined(path: Path, parts: Sequence[NDArray[np.generic]], rows: int) -> None:
    """Write the parts one after the other into one file, without all of them in memory."""
    with replaced_path(path) as part_path:
        first = parts[0]
        joined = np.lib.format.open_memmap(part_path, mode="w+", dtype=first.dtype, shape=(rows, *first.shape[1:]))
        start = 0
        for part in parts:
            joined[start : start + len(part)] = part
            start += len(part)
        joined.flush()
        del joined


def save_array(path: Path, array: NDArray[np.generic]) -> None:
    """Write an array as .npy, whole or not at all."""
    with replaced_path(path) as part_path, part_path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
