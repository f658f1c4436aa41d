"""We-Math (Qiao et al., 2024): problems of two or three steps, and their steps as problems of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from revisual.data.sample import Sample
from revisual.evaluation.answers import FieldValue, ScoredAnswer
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.metrics.figures import Figure
from revisual.evaluation.metrics.problems import Problem
from revisual.evaluation.metrics.we_math import other_figures, strict_score
from revisual.evaluation.metrics.we_math_domains import domain_figures
from revisual.evaluation.official.response import official_gold, visible
from revisual.evaluation.official.we_math import PROMPT, find_choice, unwrap
from revisual.evaluation.options import options_of_semicolons

_COLUMNS = {"images": "image_path", "knowledge_concept": "knowledge concept", "family": "ID"}


@dataclass(frozen=True, kw_only=True)
class WeMath(TableBenchmark):
    """Headline: the strict score over families. The loose one, the four shares and domains stand beside."""

    name: str = "wemath"
    hub: str | None = "We-Math/We-Math"
    split: str = "testmini"
    jsonl: str | None = "wemath/testmini.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: _COLUMNS)
    fields: Sequence[str] = ("family", "key", "knowledge_concept")
    by: Sequence[str] | None = ("key",)

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        choices = options_of_semicolons(str(values["option"]))
        id, option = f"{values['family']}/{values['key']}", {"option": values["option"]}
        return {**values, "id": id, "choices": choices, "extra": option}

    @override
    def official_prompt(self, sample: Sample, fields: Mapping[str, FieldValue]) -> str:
        return PROMPT.format(question=sample.question, option=sample.extra["option"])

    @override
    def unwrap(self, response: str) -> str:
        return unwrap(response)

    @override
    def official_score(self, answer: ScoredAnswer) -> float | None:
        return float(find_choice(visible(answer.response)) == official_gold(answer))

    @override
    def headline(self, problems: Sequence[Problem]) -> Figure:
        return strict_score(problems)

    @override
    def other_figures(self, problems: Sequence[Problem]) -> Sequence[Figure]:
        return [*other_figures(problems), *domain_figures(problems)]
