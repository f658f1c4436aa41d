"""What a run has done so far: pipeline.json, and the lock that keeps a second pipeline out."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from revisual.core.errors import UserError
from revisual.core.files import write_atomically

FILE, LOCK = "pipeline.json", ".lock"


@dataclass(frozen=True)
class Record:
    """One command of the run: a stage, an evaluation, or the making of the start."""

    status: str
    """`waiting`, `running`, `finished`, `failed` or `interrupted`; a `running` one was killed, if no pipeline runs."""
    fingerprint: Mapping[str, Any]
    """What it was made from."""
    seconds: float = 0.0
    """Over all calls that it took."""
    output: Mapping[str, str] = field(default_factory=dict)
    """The hashes of what it exported."""

    @property
    def is_finished(self) -> bool:
        """Whether it came to its end."""
        return self.status == "finished"


class State:
    """The records of a run, by the folder that each wrote; on disk after every change."""

    def __init__(self, out: Path) -> None:
        self.path, self.records = out / FILE, dict[str, Record]()
        if self.path.exists():
            try:
                content = json.loads(self.path.read_text(encoding="utf-8"))
                self.records = {name: Record(**record) for name, record in content["records"].items()}
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise UserError(f"{self.path}: is not what a pipeline wrote; delete it or use another --out") from error

    def __getitem__(self, folder: Path) -> Record | None:
        return self.records.get(self._key(folder))

    def __setitem__(self, folder: Path, record: Record) -> None:
        self.records[self._key(folder)] = record
        content = {"records": {name: asdict(one) for name, one in self.records.items()}}
        write_atomically(self.path, json.dumps(content, indent=2) + "\n")

    def _key(self, folder: Path) -> str:
        return folder.relative_to(self.path.parent).as_posix()
