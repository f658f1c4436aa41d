"""A disk that takes no more, told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from revisual.core.errors import UserError


@contextmanager
def told_in_a_line(folder: Path) -> Iterator[None]:
    """Turns the system's errors of the block into one of ours, which names the file, or else `folder`.

    Example: `with told_in_a_line(Path("out/bridge")): file.write(line)`
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"{error.filename or folder}: cannot be written: {error.strerror or error}") from error
