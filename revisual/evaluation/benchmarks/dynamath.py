"""DynaMath (Zou et al., 2024): 501 questions in ten variants each, whose numbers and pictures differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from revisual.data.readers.row import Row
from revisual.data.sample import Sample
from revisual.evaluation.answers import FieldValue, ScoredAnswer
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.metrics.dynamath import VARIANTS, average, worst_case
from revisual.evaluation.metrics.figures import Figure
from revisual.evaluation.metrics.problems import Problem
from revisual.evaluation.official.dynamath import is_right, prompt, short_answer, unwrap
from revisual.evaluation.official.response import official_gold, visible
from revisual.evaluation.options import options_inline
from revisual.evaluation.sources import Source

_COLUMNS = {"answer": "ground_truth", "level": "knowledge_level", "images": "decoded_image"}


@dataclass(frozen=True, kw_only=True)
class DynaMath(TableBenchmark):
    """Headline: the worst case, the share of questions with all ten variants right. The average stands beside it."""

    name: str = "dynamath"
    hub: str | None = "DynaMath/DynaMath_Sample"
    jsonl: str | None = "dynamath/test.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: _COLUMNS)
    fields: Sequence[str] = ("qid", "variant", "answer_type", "subject", "level")
    by: Sequence[str] | None = ("answer_type", "subject", "level")

    def rows(self, root: Path | None) -> Iterator[Row]:
        """Return all ten splits of the hub's layout, or the one JSONL file."""
        if self.source.jsonl_below(root) is not None:
            return self.source.rows(root)
        return (_name_variant(row, n) for n in range(1, VARIANTS + 1) for row in self._split(n).rows(root))

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        is_choice = values["answer_type"] == "multiple choice"
        return {**values, "choices": options_inline(str(values["question"])) if is_choice else None}

    @override
    def official_prompt(self, sample: Sample, fields: Mapping[str, FieldValue]) -> str:
        return prompt(sample.question, str(fields["answer_type"]))

    @override
    def unwrap(self, response: str) -> str:
        return unwrap(response)

    @override
    def official_score(self, answer: ScoredAnswer) -> float | None:
        said = short_answer(visible(answer.response))
        return float(is_right(said, official_gold(answer), str(answer.fields["answer_type"])))

    @override
    def headline(self, problems: Sequence[Problem]) -> Figure:
        return worst_case(problems)

    @override
    def other_figures(self, problems: Sequence[Problem]) -> Sequence[Figure]:
        return [average(problems)]

    def _split(self, variant: int) -> Source:
        return replace(self.source, split=f"sample_variant{variant}")


def _name_variant(row: Row, variant: int) -> Row:
    qid = row.values.get("id")
    return replace(row, values={**row.values, "qid": qid, "variant": variant, "id": f"q{qid}_v{variant}"})
