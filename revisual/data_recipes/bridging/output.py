"""What bridging leaves: samples to learn from, what was dropped and why, and the counts."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from PIL import Image

from revisual.core.files import explain_write_errors, replaced_file, sync_file, write_atomically
from revisual.core.folders import claim_folder
from revisual.data.images import FORMATS, ImageSource
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.work_item import Outcome

SAMPLES, DROPPED, SUMMARY, PICTURES = "samples.jsonl", "dropped.jsonl", "summary.json", "pictures"


class Output:
    """Writes outcomes into a folder, for use in `with`; files of an earlier call stay until these are whole.

    Example: `with Output(Path("out/bridge"), provenance) as output: output.add(outcome)`

    Args:
        folder: for samples.jsonl, dropped.jsonl, summary.json and pictures/.
        provenance: what is kept of a sample's origin.
    """

    def __init__(self, folder: Path, provenance: Callable[[Outcome], dict[str, Any]]) -> None:
        self.folder, self.provenance = folder, provenance
        self.kept = self.failed = 0
        self.reasons: Counter[str] = Counter()
        """Of what was dropped."""
        self._stack = ExitStack()

    def __enter__(self) -> "Output":
        claim_folder(self.folder)
        with explain_write_errors(self.folder):
            self._samples: TextIO = self._stack.enter_context(replaced_file(self.folder / SAMPLES))
            self._dropped: TextIO = self._stack.enter_context(replaced_file(self.folder / DROPPED))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with explain_write_errors(self.folder):
            self._stack.__exit__(kind, error, trace)

    @property
    def dropped(self) -> int:
        """Samples that did not pass."""
        return self.reasons.total()

    def add(self, outcome: Outcome) -> None:
        """Write one outcome.

        Raises:
            UserError: the disk takes no more.
        """
        with explain_write_errors(self.folder):
            if not self.kept + self.dropped + self.failed:
                self._sweep()
            if outcome.is_kept:
                self.kept += 1
                _write(self._samples, self._sample_record(outcome))
                return
            self.failed += outcome.is_failed
            self.reasons[f"{outcome.by}: {_reason_kind(outcome)}"] += not outcome.is_failed
            _write(self._dropped, self._drop_record(outcome))

    def _sweep(self) -> None:
        """Remove unfinished files of killed calls; there is an outcome, so that no other process is at work here."""
        own = {self._samples.name, self._dropped.name}
        for name in (SAMPLES, DROPPED):
            for part in self.folder.glob(f".{name}.*.part"):
                if str(part) not in own:
                    part.unlink()

    def write_summary(self, settings: dict[str, Any], spent: dict[str, int]) -> None:
        """Write counts, settings, and what this call spent; to be called when all is added."""
        counts = {"kept": self.kept, "dropped": self.dropped, "failed": self.failed}
        reasons = {reason: count for reason, count in self.reasons.most_common() if count}
        content = {"counts": counts, "dropped": reasons, "spent": spent, "settings": settings}
        with explain_write_errors(self.folder):
            text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
            write_atomically(self.folder / SUMMARY, f"{text}\n")

    def _sample_record(self, outcome: Outcome) -> dict[str, Any]:
        sample = outcome.item.sample
        return {
            "id": outcome.item.name,
            "question": sample.question,
            "choices": None if sample.choices is None else list(sample.choices),
            "answer": sample.answer,
            "source": sample.source,
            "images": keep_pictures(sample, self.folder),
            "solution": outcome.thoughts,
            "extra": {**sample.extra, "bridge": self.provenance(outcome)},
        }

    def _drop_record(self, outcome: Outcome) -> dict[str, Any]:
        return {
            "id": outcome.item.name,
            "by": outcome.by,
            "reason": outcome.reason,
            "failed": outcome.is_failed,
            "question": outcome.item.sample.question,
            "answer": outcome.item.sample.answer,
            "thoughts": outcome.thoughts,
            "bridge": self.provenance(outcome),
        }


def keep_pictures(sample: Sample, folder: Path) -> list[str]:
    """Copy a sample's pictures into `folder`, each once by its contents; return their paths relative to it.

    Files stay as they are, bytes alike; pictures in memory become PNG.

    Raises:
        UserError: a picture cannot be read.
    """
    return [_keep(*_file(source, sample.id), folder) for source in sample.images]


def _file(source: ImageSource, sample_id: str) -> tuple[bytes, str]:
    image = source.load(sample_id)  # also refuses a path that leaves its folder
    if source.image is not None:
        buffer = BytesIO()
        image.save(buffer, format="PNG")
        return buffer.getvalue(), "png"
    data = source.encode()
    if data is None:
        assert source.root is not None and source.path is not None
        data = (source.root / source.path).read_bytes()
    with Image.open(BytesIO(data), formats=FORMATS) as opened:
        return data, str(opened.format).lower()


def _keep(data: bytes, ending: str, folder: Path) -> str:
    name = f"{PICTURES}/{hashlib.sha256(data).hexdigest()[:32]}.{ending}"
    path = folder / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        sync_file(part)
        part.replace(path)
    return name


def _reason_kind(outcome: Outcome) -> str:
    """Return the reason without what is particular to one sample."""
    return outcome.reason.partition(":")[0].partition("'")[0].strip()


def _write(file: TextIO, values: dict[str, Any]) -> None:
    file.write(json.dumps(values, ensure_ascii=False, default=str) + "\n")
