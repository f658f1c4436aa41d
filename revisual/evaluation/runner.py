"""One benchmark from questions to graded answers."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from revisual.client.journal import Journal, Record
from revisual.core.errors import UserError
from revisual.core.progress import Progress, Silent
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.benchmark import Benchmark, Item
from revisual.evaluation.questions import Asking, score_record
from revisual.evaluation.responder import Responder
from revisual.evaluation.tally import AnswerTally
from revisual.grading.grader import Grader


def require_data(benchmarks: Iterable[Benchmark], root: Path | None) -> None:
    """Check that each benchmark's data is there, by its first question.

    Raises:
        UserError: it is missing; names the places.
    """
    for benchmark in benchmarks:
        next(benchmark.items(root), None)


def items_by_id(benchmark: Benchmark, root: Path | None, limit: int | None = None) -> dict[str, Item]:
    """Return a benchmark's items, the first `limit` of them.

    Raises:
        UserError: there are none, or two have the same id.
    """
    items: dict[str, Item] = {}
    for item in islice(benchmark.items(root), limit):
        if item.sample.id in items:
            raise UserError(f"{benchmark.name}: two items have the id {item.sample.id!r}")
        items[item.sample.id] = item
    if not items:
        raise UserError(f"{benchmark.name}: no questions")
    return items


def answer_benchmark(
    benchmark: Benchmark,
    items: dict[str, Item],
    asking: Asking,
    responder: Responder,
    grader: Grader,
    journal_path: Path,
    progress: Progress = Silent(),  # noqa: B008  # has no state
) -> list[ScoredAnswer]:
    """Return all answers, in the order of the questions.

    Each is in the journal before it is graded: a later call with the same settings goes on from there.
    """
    answers: dict[tuple[str, int], ScoredAnswer] = {}
    tally = AnswerTally()
    with (
        Journal(journal_path) as journal,
        progress.task(benchmark.name, len(items) * asking.n) as task,
        closing(responder.answers(asking.requests(benchmark, items.values()), journal)) as records,
    ):
        for record in check_answered(records):
            answer = score_record(benchmark, items[record.id], record, grader)
            answers[record.id, record.sample_index] = answer
            tally.add(answer)
            task.add(state=tally.words(responder.trouble))
    return in_order(items, asking.n, answers)


def check_answered(records: Iterable[Record]) -> Iterator[Record]:
    """Yield the records; if every request failed, say so at the end.

    Raises:
        UserError: there is not one answer.
    """
    failures, answered = 0, False
    reason: str | None = None
    for record in records:
        answered = answered or not record.is_failed
        failures, reason = failures + record.is_failed, record.error or reason
        yield record
    if not answered:
        raise UserError(f"all {failures} requests failed; the last: {reason}")


def in_order(items: Iterable[str], n: int, answers: dict[tuple[str, int], ScoredAnswer]) -> list[ScoredAnswer]:
    """Sort answers by question and index."""
    keys = [(id, index) for id in items for index in range(n)]
    return [answers[key] for key in keys if key in answers]
