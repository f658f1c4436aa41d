"""`revisual score`: grades the answers of an evaluation again, and counts them, without a model."""

from collections.abc import Sequence
from pathlib import Path

from revisual.cli.command import FunctionCommand
from revisual.cli.progress import TerminalProgress
from revisual.cli.tables import show_metrics
from revisual.config.parts import BENCHMARKS, SAMPLES
from revisual.core.errors import UserError
from revisual.core.progress import Progress, Silent
from revisual.data.images import ImageSource
from revisual.evaluation.answers import ScoredAnswer, read_answers
from revisual.evaluation.benchmark import Benchmark
from revisual.evaluation.judge_model import with_judgement
from revisual.evaluation.questions import grade_answer
from revisual.evaluation.report import PicturesOf
from revisual.evaluation.results import (
    REPORT,
    RESULTS,
    Results,
    Rules,
    measure,
    of_a_part,
    read_settings,
    read_wholes,
)
from revisual.evaluation.runner import items_by_id
from revisual.evaluation.selection import choose_benchmarks
from revisual.evaluation.tally import AnswerTally
from revisual.grading.grader import AnswerGrader, Grader
from revisual.grading.requirements import EVALUATION


def score(
    results: Path,
    *,
    out: Path | None = None,
    rules: Rules | None = None,
    custom: list[Benchmark] | None = None,
    data: Path | None = None,
) -> None:
    """Grade the answers in a results.jsonl again by the rules of today, and write all figures and the report anew.

    What a judge said of an answer stands in the file, and counts where the rules still reach no verdict.

    Args:
        results: the file, or the folder of an evaluation.
        out: folder for results.jsonl, metrics.json and report.html; by default that of the file.
        rules: which rules make the figures: project or official; by default as before.
        custom: the benchmarks that were given by class_path, in a config.
        data: folder that holds the benchmarks' data, for the pictures of the report; without it there are none.
    """
    results = results / RESULTS if results.is_dir() else results
    answers = list(read_answers(results))
    if not answers:
        raise UserError(f"{results}: no answers")
    settings, wholes = read_settings(results.parent), read_wholes(results.parent)
    counted: Rules = rules or ("official" if settings.get("rules") == "official" else "project")
    progress = TerminalProgress()
    grader, scored = AnswerGrader(requirements=EVALUATION), Results(settings | {"rules": counted})
    for benchmark in list_benchmarks(answers, custom or ()):
        own = grade_again(benchmark, answers, grader, progress)
        found = of_a_part(measure(benchmark, own, grader, counted), wholes.get(benchmark.name))
        scored.add(own, found, pictures_under(data, benchmark))
    folder = results.parent if out is None else out
    scored.write_numbers(folder)
    scored.write_report(folder)
    show_metrics([one.metrics for one in scored.measured])
    print(folder / REPORT)


def list_benchmarks(answers: Sequence[ScoredAnswer], custom: Sequence[Benchmark]) -> list[Benchmark]:
    """Return the benchmarks that the answers are to, in order of their first answer.

    Raises:
        UserError: one is neither shipped nor among `custom`.
    """
    given = {one.name: one for one in custom}
    names = list(dict.fromkeys(answer.benchmark for answer in answers))
    return [given[name] if name in given else choose_benchmarks(name)[0] for name in names]


def grade_again(
    benchmark: Benchmark,
    answers: Sequence[ScoredAnswer],
    grader: Grader,
    progress: Progress = Silent(),  # noqa: B008  # has no state
) -> list[ScoredAnswer]:
    """Grade the answers to a benchmark by the rules of today."""
    own = [answer for answer in answers if answer.benchmark == benchmark.name]
    found, tally = [], AnswerTally()
    with progress.task(benchmark.name, len(own)) as task:
        for answer in own:
            found.append(with_judgement(grade_answer(benchmark, answer, grader)))
            tally.add(found[-1])
            task.add(state=tally.words())
    return found


def pictures_under(data: Path | None, benchmark: Benchmark) -> PicturesOf:
    """Return what looks pictures up in the benchmark's data; without it there are none."""
    items = {} if data is None else items_by_id(benchmark, data)

    def pictures_of(answer: ScoredAnswer) -> Sequence[ImageSource]:
        item = items.get(answer.item_id)
        return () if item is None else item.sample.images

    return pictures_of


COMMAND = FunctionCommand(score, (*SAMPLES, *BENCHMARKS))
