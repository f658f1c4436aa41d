"""MMMU (Yue et al., 2023): college questions of thirty subjects, with up to seven pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from revisual.data.choices import label, letter, without_letters
from revisual.data.sample import Sample
from revisual.evaluation.answers import FieldValue, ScoredAnswer
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.official.mmmu import choice_score, open_is_right
from revisual.evaluation.official.response import official_gold, visible
from revisual.evaluation.options import options_of_list


@dataclass(frozen=True, kw_only=True)
class MMMU(TableBenchmark):
    """The mean score over the validation set, by subject, difficulty and kind of question."""

    name: str = "mmmu"
    hub: str | None = "lmms-lab/MMMU"
    split: str = "validation"
    jsonl: str | None = "mmmu/validation.jsonl"
    fields: Sequence[str] = ("subject", "topic_difficulty", "question_type", "subfield")
    by: Sequence[str] | None = ("subject", "topic_difficulty", "question_type")

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        pictures = [values.get(f"image_{number}") for number in range(1, 8)]
        is_choice = values["question_type"] == "multiple-choice"
        choices = label(options_of_list(values["options"])) if is_choice else None
        subject = str(values["id"]).removeprefix("validation_").rpartition("_")[0]
        return {**values, "images": [one for one in pictures if one], "choices": choices, "subject": subject}

    @override
    def official_prompt(self, sample: Sample, fields: Mapping[str, FieldValue]) -> str:
        if not sample.choices:
            return f"{sample.question}\n\nAnswer the question using a single word or phrase."
        texts = without_letters(sample.choices)
        options = "".join(f"({letter(index)}) {text}\n" for index, text in enumerate(texts))
        return f"{sample.question}\n\n{options}\n\nAnswer with the option's letter from the given choices directly."

    @override
    def official_score(self, answer: ScoredAnswer) -> float | None:
        said, gold = visible(answer.response), official_gold(answer)
        if answer.choices:
            return choice_score(said, without_letters(answer.choices), gold)
        return float(open_is_right(said, gold))
