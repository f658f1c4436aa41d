"""What a step drops and why: one line per sample, and the counts."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from revisual.core.files import replaced_file

FILE = "dropped.jsonl"


@dataclass(frozen=True)
class Drop:
    """One sample that is dropped.

    Example: `Drop("gsm8k", "gsm8k:17", "duplicate", {"of": "gsm8k/gsm8k:3"})`
    """

    source: str
    id: str
    reason: str
    """A word or two that counts go by."""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """Return one line of JSON, without its end."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass
class DropLog:
    """Counts by reason and source; lines are kept in memory until `write`, or written by whoever adds counts alone."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def add(self, drop: Drop) -> None:
        """Count and keep a drop."""
        self.count(drop.reason, drop.source)
        self.lines.append(drop.line())

    def count(self, reason: str, source: str, number: int = 1) -> None:
        """Count a drop without keeping it."""
        self.counts.setdefault(reason, Counter())[source] += number

    def write(self, path: Path) -> None:
        """Write all kept lines, whole or not at all."""
        with replaced_file(path) as file:
            file.writelines(f"{line}\n" for line in self.lines)


def read_drops(path: Path) -> Iterator[Drop]:
    """Yield the drops of a file, in order."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Drop(**json.loads(line))
