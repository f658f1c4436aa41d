"""LogicVista (Xiao et al., 2024): five logical skills in pictures, with several right options in some questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from revisual.core.ranges import QuestionTemplate
from revisual.data.readers.row import Row
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.benchmark import Item
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.official.logicvista import is_right
from revisual.evaluation.official.response import official_gold
from revisual.evaluation.options import options_inline


@dataclass(frozen=True, kw_only=True)
class LogicVista(TableBenchmark):
    """The mean score, by skill and capability. The official prompt is the question alone."""

    name: str = "logicvista"
    hub: str | None = "lscpku/LogicVista"
    jsonl: str | None = "logicvista/test.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: {"images": "image"})
    fields: Sequence[str] = ("skill", "broad_capability")
    template: QuestionTemplate = "{question}"

    @override
    def item(self, row: Row) -> Item | None:
        # Item v1_382 has neither a question nor an answer, so that 447 of the 448 are asked.
        return super().item(row) if row.values.get("question") or row.values.get("answer") else None

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "choices": options_inline(str(values["question"]))}

    @override
    def official_score(self, answer: ScoredAnswer) -> float | None:
        return float(is_right(answer.extracted, official_gold(answer)))
