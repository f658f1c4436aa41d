"""Checkpoints on disk: which one a run goes on from, told without reading their tensors."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

DEEPSPEED_TAG = "checkpoint"
STOPPED = "stopped.ckpt"
"""What a run that was asked to leave writes into its folder; the same command goes on from it."""


def find_checkpoints(folder: Path, pattern: str = "*.ckpt") -> list[Path]:
    """Return the checkpoints below a folder, files or folders, the newest first; a link to nothing is none."""
    found = [
        path
        for path in folder.rglob(pattern)
        if path.exists() and not path.name.startswith(".") and not any(up.suffix == ".ckpt" for up in path.parents)
    ]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def newest_whole(candidates: Iterable[Path]) -> tuple[Path | None, list[Path]]:
    """Return the first checkpoint that is whole, and the broken ones before it."""
    broken: list[Path] = []
    for path in candidates:
        if is_whole(path):
            return path, broken
        broken.append(path)
    return None, broken


def is_whole(checkpoint: Path) -> bool:
    """Return whether a checkpoint was written to its end: no file of it is empty or cut off."""
    if checkpoint.is_file():
        return _is_whole_archive(checkpoint)
    if (checkpoint / ".metadata").is_file():  # FSDP2: written last
        parts = list(checkpoint.glob("*.distcp"))
        return bool(parts) and all(path.stat().st_size for path in [*parts, checkpoint / ".metadata"])
    parts = list((checkpoint / DEEPSPEED_TAG).glob("*.pt"))
    return (checkpoint / "latest").is_file() and bool(parts) and all(map(_is_whole_archive, parts))


def may_go_on_from(checkpoint: Path) -> bool:
    """Return whether a run may go on from a checkpoint, unless that is broken: those of weights alone are left out."""
    parts = sorted(checkpoint.rglob("*.pt")) if checkpoint.is_dir() else [checkpoint]
    return not parts or not all(_is_of_weights_alone(path) for path in parts)


def _is_of_weights_alone(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return not any(b"lr_schedulers" in archive.read(name) for name in _pickles(archive))
    except _BROKEN:
        return False


def _pickles(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if name.endswith("data.pkl")]


_BROKEN = (OSError, zipfile.BadZipFile, EOFError, ValueError)


def _is_whole_archive(path: Path) -> bool:
    """Return whether a file of torch's has its list of contents, which stands at the end, and what that describes."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = _pickles(archive)
            return bool(names) and all(archive.read(name) for name in names)  # checks their sums
    except _BROKEN:
        return False
