"""Several benchmarks, one after the other, and what comes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from revisual.core.folders import claim_folder
from revisual.core.progress import Progress, Silent
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.benchmark import Benchmark, Item
from revisual.evaluation.judge_model import ModelJudge
from revisual.evaluation.questions import Asking
from revisual.evaluation.responder import Responder
from revisual.evaluation.results import Results, Rules, measure, of_a_part
from revisual.evaluation.runner import answer_benchmark, items_by_id, require_data
from revisual.grading.grader import Grader


@dataclass(frozen=True)
class Evaluation:
    """A model's way through benchmarks.

    Args:
        benchmarks: what is asked.
        root: the folder with their data; None: the hub.
        limit: the first so many questions of each.
        asking: how questions are put.
        responder: who answers.
        grader: who grades.
        judge: who decides what the grader cannot, if anyone.
        rules: what the figures count.
        out: the folder for answers.
        progress: where it tells how far it is.
        cache: the folder for responses as they arrive; None: answers/ in `out`.
    """

    benchmarks: Sequence[Benchmark]
    root: Path | None
    limit: int | None
    asking: Asking
    responder: Responder
    grader: Grader
    judge: ModelJudge | None
    rules: Rules
    out: Path
    progress: Progress = field(default_factory=Silent)
    cache: Path | None = None

    def run(self, settings: dict[str, Any]) -> Results:
        """Ask, grade and write; the settings are those to report.

        What is finished is written, also if it ends early: the numbers after each benchmark, the report at the end.

        Raises:
            UserError: a benchmark's data is missing, which is told before anything is asked, or nothing is answered.
        """
        require_data(self.benchmarks, self.root)
        claim_folder(self.out)
        if self.cache is not None:
            claim_folder(self.cache)
        results = Results(settings)
        try:
            for benchmark in self.benchmarks:
                self._add(benchmark, results)
                results.write_numbers(self.out)
        finally:
            if results.measured:
                results.write_report(self.out)
        return results

    def _add(self, benchmark: Benchmark, results: Results) -> None:
        items = items_by_id(benchmark, self.root, self.limit)
        answers = self._answers(benchmark, items)
        whole = sum(1 for _ in benchmark.items(self.root)) if self.limit is not None else len(items)
        found = of_a_part(measure(benchmark, answers, self.grader, self.rules), whole)
        results.add(answers, found, lambda answer: items[answer.item_id].sample.images)

    def _answers(self, benchmark: Benchmark, items: dict[str, Item]) -> list[ScoredAnswer]:
        name = f"{benchmark.name}.jsonl"
        journal = (self.cache or self.out / "answers") / name
        answers = answer_benchmark(benchmark, items, self.asking, self.responder, self.grader, journal, self.progress)
        return answers if self.judge is None else self.judge(answers, self.out / "judge" / name, self.progress)
