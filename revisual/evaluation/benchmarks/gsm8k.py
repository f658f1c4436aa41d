"""GSM8K (Cobbe et al., 2021): word problems of grade school."""

from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from revisual.core.ranges import QuestionTemplate
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.official.gsm8k import PROMPT, number, unwrap
from revisual.evaluation.official.response import official_gold, visible


@dataclass(frozen=True, kw_only=True)
class GSM8K(TableBenchmark):
    """The mean score. The official rule reads what follows "####", as in its solutions; the prompt is lighteval's."""

    name: str = "gsm8k"
    hub: str | None = "openai/gsm8k"
    subset: str | None = "main"
    jsonl: str | None = "gsm8k/test.jsonl"
    template: QuestionTemplate = PROMPT

    @override
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        answer = str(values["answer"])
        return {**values, "answer": number(answer) or answer}

    @override
    def unwrap(self, response: str) -> str:
        return unwrap(response)

    @override
    def official_score(self, answer: ScoredAnswer) -> float | None:
        return float(number(visible(answer.response)) == official_gold(answer))
