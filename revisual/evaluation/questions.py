"""From a benchmark's items to requests, and from their records to graded answers."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from revisual.client.journal import Record
from revisual.client.pictures import Pictures, PixelBounds
from revisual.client.request import ChatRequest
from revisual.core.ranges import Count, Seed, check_ranges
from revisual.core.seeds import stable_seed
from revisual.data.conversation import conversation
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.benchmark import Benchmark, Item
from revisual.evaluation.metrics.standard import sample_of
from revisual.evaluation.presets import Preset
from revisual.grading.grader import Grader, grade_response


@dataclass(frozen=True)
class Asking:
    """How questions are put.

    Example: `Asking(REVISUAL_R1, n=8)`
    """

    preset: Preset
    n: Count = 1
    """Answers per question."""
    seed: Seed = 0
    bounds: PixelBounds = field(default_factory=PixelBounds)
    """What size pictures are sent in."""

    def __post_init__(self) -> None:
        check_ranges(self)

    def settings(self) -> dict[str, Any]:
        """Return what stands beside a result of how it was asked for."""
        prompts = {"preset": self.preset.name, "system_prompt": self.preset.system_prompt}
        prompts |= {"suffix": self.preset.suffix or None}
        return {**prompts, "n": self.n, "seed": self.seed, **asdict(self.bounds)}

    def requests(self, benchmark: Benchmark, items: Iterable[Item]) -> Iterator[ChatRequest]:
        """Yield `n` requests per item in turn; their seeds depend on nothing but the question and the index."""
        for item in items:
            id, messages = item.sample.id, self._messages(benchmark, item)
            pictures = Pictures(item.sample.images, id, self.bounds)
            for index in range(self.n):
                seed = (
                    stable_seed("evaluation", self.seed, benchmark.name, id, index) % 2**31
                )  # some servers take 32 bits
                yield ChatRequest(id, messages, pictures, index, seed)

    def _messages(self, benchmark: Benchmark, item: Item) -> list[dict[str, Any]]:
        sample = item.sample
        text = benchmark.prompt(item, self.preset) if sample.messages is None else None
        return conversation(sample, self.preset.system_prompt, text)


def score_record(benchmark: Benchmark, item: Item, record: Record, grader: Grader) -> ScoredAnswer:
    """Return a record, graded by the project's rules and, where they need no judge, by the benchmark's own."""
    sample = item.sample
    answer = ScoredAnswer(
        benchmark=benchmark.name,
        item_id=sample.id,
        sample_index=record.sample_index,
        response=record.response,
        finish_reason=record.finish_reason,
        extracted="",
        rule="none",
        score=0.0,
        error=f"request: {record.error}" if record.is_failed else None,
        fields=item.fields,
        gold=sample.answer,
        question=sample.asked,
        choices=sample.choices,
        tokens=record.completion_tokens,
    )
    return answer if record.is_failed else grade_answer(benchmark, answer, grader)


def grade_answer(benchmark: Benchmark, answer: ScoredAnswer, grader: Grader) -> ScoredAnswer:
    """Return an answer with its grade and official score, whatever they were before; a failed request stays one."""
    if answer.is_failed:
        return answer
    text = benchmark.unwrap(answer.response)
    grade = grade_response(grader, text, answer.gold, sample_of(answer), answer.truncated)
    answer = replace(answer, extracted=grade.extracted, rule=grade.rule, score=grade.score, error=grade.error)
    answer = replace(answer, unmet=grade.unmet)
    return replace(answer, official_score=benchmark.official_score(answer))
