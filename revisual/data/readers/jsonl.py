"""Samples from a file with one JSON object per line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from revisual.core.errors import UserError
from revisual.data.readers.file import FileReader
from revisual.data.readers.row import Row


@dataclass(frozen=True)
class JSONLReader(FileReader):
    """Reads a file in which each line, blank ones aside, is a JSON object.

    Example: `JSONLReader("gsm8k/train.jsonl", columns={"solution": "extra.solution"})`

    Args:
        path: the file.
    """

    def rows(self) -> Iterator[Row | UserError]:
        """Give the lines, parsed; ids default to e.g. `train:3`."""
        path = Path(self.path)
        root = path.parent if self.root is None else Path(self.root)
        if not path.is_file():
            raise UserError(f"{path}: {'is not a file' if path.exists() else 'no such file'}")
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield _row(line, f"{path}, line {number}", f"{path.stem}:{number}", root)
        except OSError as error:
            raise UserError(f"{path}: cannot be read: {error.strerror}") from error


def _row(line: bytes, place: str, id: str, root: Path) -> Row | UserError:
    try:
        values = json.loads(line.decode("utf-8-sig"))  # some editors put a byte-order mark before the first line
    except UnicodeDecodeError as error:
        return UserError(f"{place}: not UTF-8 at byte {error.start + 1}")
    except json.JSONDecodeError as error:
        return UserError(f"{place}: broken JSON at column {error.colno}: {error.msg}")
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; thousands of nested brackets
        return UserError(f"{place}: JSON cannot be read: {error}")
    if not isinstance(values, dict):
        return UserError(f"{place}: is of type {type(values).__name__}, not a JSON object")
    return Row(place, id, values, root)
