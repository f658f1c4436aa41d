"""MathVista (Lu et al., 2023): problems with pictures from 28 data sets, by task and kind of answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from revisual.data.choices import letter
from revisual.data.sample import Sample
from revisual.evaluation.answers import FieldValue, ScoredAnswer
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.official.mathvista import hint, normalize

_METADATA = {name: f"metadata.{name}" for name in ("task", "category", "context", "grade", "skills", "language")}
_COLUMNS = {"id": "pid", "images": "decoded_image", "origin": "metadata.source", **_METADATA}


@dataclass(frozen=True, kw_only=True)
class MathVista(TableBenchmark):
    """The mean score, by what the authors split it by. `origin` is the data set that a problem was taken from."""

    name: str = "mathvista"
    hub: str | None = "AI4Math/MathVista"
    split: str = "testmini"
    jsonl: str | None = "mathvista_text/testmini.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: _COLUMNS)
    fields: Sequence[str] = ("question_type", "answer_type", "precision", "unit", "origin", *_METADATA)
    by: Sequence[str] | None = ("question_type", "answer_type", "precision", "origin", *_METADATA)

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        precision = values["precision"]
        is_given = precision is not None and precision == precision  # a missing number may be stored as NaN
        return {**values, "precision": int(precision) if is_given else None}

    @override
    def official_prompt(self, sample: Sample, fields: Mapping[str, FieldValue]) -> str:
        unit = f" (Unit: {fields['unit']})" if fields["unit"] else ""
        options = "".join(f"\n({letter(index)}) {text}" for index, text in enumerate(sample.choices or ()))
        choices = f"\nChoices:{options}" if options else ""
        asked = hint(str(fields["answer_type"]), fields["precision"])
        return (
            f"Hint: Please answer the question {asked}, at the end.\nQuestion: {sample.question}{unit}{choices}".strip()
        )

    @override
    def official_score(self, answer: ScoredAnswer) -> float | None:
        kinds = (str(answer.fields["question_type"]), str(answer.fields["answer_type"]))
        said = normalize(answer.extracted, answer.choices or (), *kinds, answer.fields["precision"])
        return float(said == answer.gold)
