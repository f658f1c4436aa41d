"""Geometry3K (Lu et al., 2021): geometry with drawings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from revisual.core.ranges import QuestionTemplate
from revisual.evaluation.benchmarks.table import TableBenchmark


@dataclass(frozen=True, kw_only=True)
class Geometry3K(TableBenchmark):
    """The mean score. Asked without options, as in the hub's form of it, which has no prompt of its own."""

    name: str = "geometry3k"
    hub: str | None = "hiyouga/geometry3k"
    jsonl: str | None = "geometry3k_rendered/test.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: {"question": "problem"})
    template: QuestionTemplate = "{question}"

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "choices": None}
