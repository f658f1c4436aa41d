"""A folder that one process at a time works in."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from revisual.core.errors import UserError
from revisual.core.folders import claim_folder


@contextmanager
def lock_folder(folder: Path, name: str, what: str) -> Iterator[None]:
    """Keep other processes out of a folder; the lock goes with the process, however it ends.

    Args:
        folder: made if need be.
        name: of the lock's file in it.
        what: runs there, for the message, e.g. `pipeline`.

    Raises:
        UserError: another process holds the lock.
    """
    claim_folder(folder)
    with (folder / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"{folder}: another {what} is running there") from error
        yield
