"""Pictures in a row that no field is read from."""

import re
from collections.abc import Mapping
from typing import Any

from PIL.Image import Image

_NAMES_A_FILE = re.compile(r"(?i)[^\n]{1,300}\.(png|jpe?g|webp|gif|bmp|tiff?)|data:image/\S+", re.DOTALL)
_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*")


def find_picture_column(values: Mapping[str, Any], columns: Mapping[str, str]) -> str | None:
    """Return a column that holds a picture and is read for no field; none if there is none.

    Example: `find_picture_column({"question": "Find x.", "img": "a/7.png"}, {}) == "img"`

    Args:
        values: a row's.
        columns: from fields to the columns that they are read from.
    """
    read = {"images", "image", "extra", "question", "answer", "solution", "messages", "conversations", "prompt"}
    read |= set(columns.values())
    return next((name for name, value in values.items() if name not in read and _is_picture(value)), None)


def _is_picture(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and _is_picture(value[0])
    if isinstance(value, Mapping):
        return _is_picture(value.get("bytes")) or _is_picture(value.get("path"))
    if isinstance(value, bytes):
        return value.startswith(_STARTS)
    return isinstance(value, Image) or (isinstance(value, str) and _NAMES_A_FILE.fullmatch(value[:400]) is not None)
