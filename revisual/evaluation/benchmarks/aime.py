"""AIME 2024 and 2025: thirty competition problems a year, whose answers are integers from 0 to 999."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from revisual.core.ranges import QuestionTemplate
from revisual.evaluation.benchmarks.table import TableBenchmark

_TEMPLATE = (
    "Solve the following math problem efficiently and clearly.  The last line of your response should be of the "
    "following format: 'Therefore, the final answer is: $\\boxed{ANSWER}$. I hope it is correct' (without quotes) "
    "where ANSWER is just the final number or expression that solves the problem. Think step by step before "
    "answering.\n\n{question}"
)


@dataclass(frozen=True, kw_only=True)
class AIME24(TableBenchmark):
    """avg@n, pass@k and maj@k: ask several times. Prompt and data set are those of lighteval."""

    name: str = "aime24"
    hub: str | None = "HuggingFaceH4/aime_2024"
    split: str = "train"
    jsonl: str | None = "aime/aime2024_test.jsonl"
    columns: Mapping[str, str] = field(default_factory=lambda: {"question": "problem"})
    template: QuestionTemplate = _TEMPLATE


@dataclass(frozen=True, kw_only=True)
class AIME25(AIME24):
    """avg@n, pass@k and maj@k: ask several times. Prompt and data set are those of lighteval."""

    name: str = "aime25"
    hub: str | None = "yentinglin/aime_2025"
    jsonl: str | None = "aime/aime2025_test.jsonl"
