"""MATH-Vision (Wang et al., 2024): competition problems with pictures, by level and subject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from revisual.data.choices import label, letter, option_of, without_letters
from revisual.data.sample import Sample
from revisual.evaluation.answers import FieldValue, ScoredAnswer
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.cleaning import MATHVISION
from revisual.evaluation.official.mathvision import extract, is_equal
from revisual.evaluation.official.response import official_gold, visible

_INSTRUCTION = (
    'Please solve the problem step by step and put your answer in one "\\boxed{}". '
    'If it is a multiple choice question, only one letter is allowed in the "\\boxed{}".'
)


@dataclass(frozen=True, kw_only=True)
class MathVision(TableBenchmark):
    """The mean score, by level and subject."""

    name: str = "mathvision"
    hub: str | None = "MathLLMs/MathVision"
    jsonl: str | None = "mathvision/testmini.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: {"images": "decoded_image", "choices": "options"})
    fields: Sequence[str] = ("level", "subject")
    cleaned: Mapping[str, str] = field(default_factory=lambda: MATHVISION)

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "choices": label(values["choices"] or ())}

    @override
    def official_prompt(self, sample: Sample, fields: Mapping[str, FieldValue]) -> str:
        texts = without_letters(sample.choices or ())
        # Options "A" to "E" stand in the picture, and are not repeated.
        shown = "" if "".join(texts) == "ABCDE" else "".join(f"({letter(i)}) {text}\n" for i, text in enumerate(texts))
        return f"{_INSTRUCTION}\n{sample.question}\n{shown}"

    @override
    def official_score(self, answer: ScoredAnswer) -> float | None:
        gold, said = official_gold(answer), extract(visible(answer.response))
        return float(is_equal(said, gold) or is_equal(said, option_of(gold, without_letters(answer.choices or ()))))
