"""MATH-500 (Lightman et al., 2023): five hundred problems of the MATH test set, by subject and level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from revisual.core.ranges import QuestionTemplate
from revisual.evaluation.benchmarks.table import TableBenchmark


@dataclass(frozen=True, kw_only=True)
class Math500(TableBenchmark):
    """The mean score, by subject and level. The prompt is that of lighteval."""

    name: str = "math500"
    hub: str | None = "HuggingFaceH4/MATH-500"
    jsonl: str | None = "math500/test.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: {"id": "unique_id", "question": "problem"})
    fields: Sequence[str] = ("subject", "level")
    template: QuestionTemplate = (
        "Solve the following problem. The final line of your response MUST be of the following format:\n"
        '"ANSWER: $ANSWER" (without quotes) where $ANSWER is the final answer. Think step by step before answering.'
        "\n\n{question}"
    )
