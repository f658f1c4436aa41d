"""MathVerse (Zhang et al., 2024): the same problems with more or less of their text put into the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from revisual.data.sample import Sample
from revisual.evaluation.answers import FieldValue
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.cleaning import MATHVERSE
from revisual.evaluation.metrics.figures import Figure
from revisual.evaluation.metrics.mathverse import version_mean
from revisual.evaluation.metrics.problems import Problem
from revisual.evaluation.options import options_of_lines

_COLUMNS = {"id": "sample_index", "images": "image", "subject": "metadata.subject", "subfield": "metadata.subfield"}
_ASKED_FOR = {
    "multi-choice": "provide the correct option letter, e.g., A, B, C, D, at the end.",
    "free-form": "provide the final value, e.g., 1, 2.5, 300, at the end.",
}


@dataclass(frozen=True, kw_only=True)
class MathVerse(TableBenchmark):
    """Headline: the mean over the five versions with pictures. The official scoring needs a language model."""

    name: str = "mathverse"
    hub: str | None = "AI4Math/MathVerse"
    subset: str | None = "testmini"
    split: str = "testmini"
    jsonl: str | None = "mathverse/testmini.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: _COLUMNS)
    fields: Sequence[str] = ("problem_index", "problem_version", "question_type", "subject", "subfield")
    by: Sequence[str] | None = ("problem_version", "question_type", "subject", "subfield")
    cleaned: Mapping[str, str] = field(default_factory=lambda: MATHVERSE)
    cleaned_by: str = "problem_index"

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        # The question of "Vision Only" stands in the picture; `question_for_eval` has its text, for the grader.
        question = str(values["question"] or values.get("question_for_eval") or values.get("query_cot") or "")
        choices = options_of_lines(question) if values["question_type"] == "multi-choice" else []
        return {**values, "question": question, "choices": choices, "extra": {"prompt": values.get("query_cot")}}

    @override
    def official_prompt(self, sample: Sample, fields: Mapping[str, FieldValue]) -> str:
        asked_for = _ASKED_FOR[str(fields["question_type"])]
        composed = f"Please first conduct reasoning, and then answer the question and {asked_for}\nQuestion: "
        return str(sample.extra["prompt"] or composed + sample.question)

    @override
    def headline(self, problems: Sequence[Problem]) -> Figure:
        return version_mean(problems)


@dataclass(frozen=True, kw_only=True)
class MathVerseTextOnly(MathVerse):
    """The version without pictures: an ablation that is never part of the overall figure."""

    name: str = "mathverse_text_only"
    subset: str | None = "testmini_text_only"
    split: str = "testmini_text_only"
    jsonl: str | None = "mathverse_text_only/testmini_text_only.jsonl"
