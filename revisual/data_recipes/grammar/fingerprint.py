"""What a step's result depends on, as JSON and as a hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from revisual.data.readers.base import SampleReader


def describe(value: Any) -> Any:
    """Return a component with its settings, as JSON. Fields that do not count in comparisons are left out.

    Example: `describe(MinHash(bands=16)) == {"class": "MinHash", "bands": 16, "rows": 4, "seed": 0}`
    """
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: describe(getattr(value, field.name)) for field in fields(value) if field.compare}
        stamp = {"files": _stamps(value)} if isinstance(value, SampleReader) else {}
        return {"class": type(value).__name__, **found, **stamp}
    if isinstance(value, Mapping):
        return {str(key): describe(item) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))}
    if isinstance(value, list | tuple | set | frozenset):
        return [describe(item) for item in value]
    if isinstance(value, Enum | Path):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else type(value).__name__


def _stamps(reader: SampleReader) -> list[int]:
    """Return size and time of a reader's file, so that a changed one is read again."""
    path = Path(str(getattr(reader, "path", "")))
    if not path.is_file():
        return []
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def digest(*parts: Any) -> str:
    """Return a short hash of anything that is JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def changes(before: Any, now: Any, name: str = "") -> list[str]:
    """Return the names of what differs.

    Example: `changes({"a": {"b": 1}}, {"a": {"b": 2}}) == ["a.b"]`
    """
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        keys = sorted({*before, *now})
        return [found for key in keys for found in changes(before.get(key), now.get(key), f"{name}.{key}".lstrip("."))]
    return [] if before == now else [name]
