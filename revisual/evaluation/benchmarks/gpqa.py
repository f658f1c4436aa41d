"""GPQA diamond (Rein et al., 2023): graduate questions in science, whose options come in no order."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from revisual.core.ranges import Seed
from revisual.data.choices import label, letter, without_letters
from revisual.data.sample import Sample
from revisual.evaluation.answers import FieldValue, ScoredAnswer
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.official.gpqa import find_choice, prompt
from revisual.evaluation.official.response import official_gold, visible

_OPTIONS = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")


@dataclass(frozen=True, kw_only=True)
class GPQA(TableBenchmark):
    """The mean score, by domain.

    Args:
        seed: of the order of options, which is drawn for each question by itself, from the seed and its id: the same
            whatever else is asked, and on every machine.
    """

    name: str = "gpqa"
    hub: str | None = "Idavidrein/gpqa"
    subset: str | None = "gpqa_diamond"
    split: str = "train"
    jsonl: str | None = "gpqa/gpqa_diamond.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: {"id": "Record ID", "domain": "High-level domain"})
    fields: Sequence[str] = ("domain",)
    seed: Seed = 0

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        order = random.Random(f"{self.seed}/{values['id']}").sample(range(4), 4)
        choices = label([str(values[_OPTIONS[place]]).strip() for place in order])
        question = str(values["Question"]).strip()
        return {**values, "question": question, "choices": choices, "answer": letter(order.index(0))}

    @override
    def official_prompt(self, sample: Sample, fields: Mapping[str, FieldValue]) -> str:
        return prompt(sample.question, without_letters(sample.choices or ()))

    @override
    def official_score(self, answer: ScoredAnswer) -> float | None:
        return float(find_choice(visible(answer.response)) == official_gold(answer))
