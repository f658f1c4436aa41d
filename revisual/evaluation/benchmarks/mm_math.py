"""MM-Math (Sun et al., 2024): middle school problems with drawings and open answers, by difficulty and grade."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from revisual.errors import UserError
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.grading.boxes import boxed_contents


@dataclass(frozen=True, kw_only=True)
class MMMath(TableBenchmark):
    """The mean score, by difficulty, grade and knowledge. Not loadable by `datasets`: the files lie in a folder.

    Unpack Image.zip of the hub's THU-KEG/MM_Math so that `MM_Math/images/FILE_NAME` exists beside MM_Math.jsonl. The
    gold answer is what the solution's boxes hold. The official comparison parses answers by sympy, which hands
    them to `eval`, and is not reproduced.
    """

    name: str = "mm_math"
    jsonl: str | None = "MM_Math/MM_Math.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: {"images": "file_name"})
    fields: Sequence[str] = ("difficult", "year", "knowledge")
    template: str = "{question}"

    def tidied(self, values: dict[str, Any]) -> dict[str, Any]:  # noqa: D102
        boxes = boxed_contents(str(values["solution"]))
        if not boxes:
            raise UserError("the solution has no box, so there is no gold answer")
        image = f"images/{values['images']}" if values["images"] else None
        return {**values, "images": image, "answer": ", ".join(boxes)}
