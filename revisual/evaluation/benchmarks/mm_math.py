"""MM-Math (Sun et al., 2024): middle school problems with drawings and open answers, by difficulty and grade."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.ranges import QuestionTemplate
from revisual.data.readers.row import Row
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.sources import Source
from revisual.grading.rules.boxes import boxed_contents

_QUESTIONS, _PICTURES = "MM_Math.jsonl", "Image.zip"


@dataclass(frozen=True, kw_only=True)
class MMMath(TableBenchmark):
    """The mean score, by difficulty, grade and knowledge.

    The hub has the questions in one file and the drawings in an archive, which `datasets` does not bring together. The
    gold answer is what the solution's boxes hold. The official comparison parses answers by sympy, which hands them to
    `eval`, and is not reproduced.
    """

    name: str = "mm_math"
    hub: str | None = "THU-KEG/MM_Math"
    jsonl: str | None = "MM_Math/MM_Math.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: {"images": "file_name"})
    fields: Sequence[str] = ("difficult", "year", "knowledge")
    template: QuestionTemplate = "{question}"

    def rows(self, root: Path | None) -> Iterator[Row]:
        """Yield the questions, each with its drawing: from a folder `images` beside them, or else from the archive."""
        questions = self._file(root, _QUESTIONS)
        unpacked = questions.parent / "images"
        pictures = unpacked if unpacked.is_dir() else _unpack(self._file(root, _PICTURES))
        places = {path.name: str(path.relative_to(pictures)) for path in pictures.rglob("*.*")}
        for row in Source(jsonl=questions.name).rows(questions.parent):
            name = row.values.get("file_name")
            yield replace(row, root=pictures, values={**row.values, "file_name": places.get(str(name), name)})

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        boxes = boxed_contents(str(values["solution"]))
        if not boxes:
            raise UserError("the solution has no box, so there is no gold answer")
        return {**values, "answer": ", ".join(boxes)}

    def _file(self, root: Path | None, name: str) -> Path:
        if root is None:
            return _download(str(self.hub), name)
        places = [root / str(self.jsonl), root / str(self.hub) / name]
        found = [place.with_name(name) for place in places if place.with_name(name).is_file()]
        if not found:
            raise UserError(f"{root}: none of these exists: {', '.join(str(one.with_name(name)) for one in places)}")
        return found[0]


def _download(hub: str, name: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(hub, name, repo_type="dataset"))
    except Exception as error:  # the errors of the network and of the hub
        raise UserError(f"{hub}: {name} cannot be loaded: {' '.join(str(error).split())}") from error


def _unpack(archive: Path) -> Path:
    """Return a folder in the cache of `datasets`, filled at the first call."""
    from datasets import DownloadManager

    return Path(DownloadManager().extract(str(archive)))
