"""Files that are written whole or not at all, and what is told of those that cannot be written."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from revisual.core.errors import UserError


def write_atomically(path: Path, text: str) -> None:
    """Write `text` so that a reader sees the old file or the new one, never a part; makes the folders above it."""
    with replaced_file(path) as file:
        file.write(text)


@contextmanager
def replaced_file(path: Path) -> Iterator[TextIO]:
    """Open a file to write to, which takes the place of `path` when the block ends without an error."""
    with replaced_path(path) as part, part.open("x", encoding="utf-8") as file:
        yield file


@contextmanager
def replaced_path(path: Path) -> Iterator[Path]:
    """Give a path to write to; what is there takes the place of `path` when the block ends without an error.

    Raises:
        UserError: `path` is a device or a pipe, which is not to be replaced by a file.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(f"{path}: is no ordinary file, and is not replaced by one")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with naming_errors(path):
            yield part
            sync_file(part)
            os.replace(part, path)
            sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def appended_file(path: Path) -> Iterator[TextIO]:
    """Open a file to write at its end; makes the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming_errors(path), path.open("a", encoding="utf-8") as file:
        yield file


@contextmanager
def naming_errors(path: Path) -> Iterator[None]:
    """Add a file's name to the system's errors of the block that have none, as those of writing."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise


def is_full_disk(error: OSError) -> bool:
    """Return whether something could not be written for want of room."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def sync_file(path: Path) -> None:
    """Wait until the disk holds what was written to a file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk holds a folder's names: a renamed or new file is else forgotten by a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems know no such thing
            raise
    finally:
        os.close(number)


def sync_tree(folder: Path) -> None:
    """Wait until the disk holds all files below a folder, and their names."""
    for path in folder.rglob("*"):
        if path.is_file():
            sync_file(path)
        elif path.is_dir():
            sync_folder(path)
    sync_folder(folder)


@contextmanager
def explain_write_errors(folder: Path) -> Iterator[None]:
    """Turn the system's errors of the block into one line, which names the file, or else `folder`.

    Example: `with explain_write_errors(Path("out/bridge")): file.write(line)`

    Raises:
        UserError: something could not be written.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"{error.filename or folder}: cannot be written: {error.strerror or error}") from error


def cache_folder() -> Path:
    """Return the folder for what can be made again: `revisual` in `$XDG_CACHE_HOME`, by default in `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "revisual"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time be within, of all those of this machine that name the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
