"""What an evaluation leaves: results.jsonl, metrics.json and report.html."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from revisual.core.errors import UserError
from revisual.core.files import write_atomically
from revisual.data.images import ImageSource
from revisual.evaluation.answers import ScoredAnswer, write_answers
from revisual.evaluation.benchmark import Benchmark, under_official_rules
from revisual.evaluation.judge_model import judge_share
from revisual.evaluation.metrics.figures import OFFICIAL_RULES, PROJECT_RULES, Metrics
from revisual.evaluation.metrics.problems import gather
from revisual.evaluation.report import Measured, PicturesOf, evaluation_report, wrong_answers
from revisual.grading.grader import Grade, Grader
from revisual.grading.requirements import EVALUATION, Requirements

RESULTS, METRICS, REPORT = "results.jsonl", "metrics.json", "report.html"
Rules = Literal["project", "official"]


def measure(benchmark: Benchmark, answers: Sequence[ScoredAnswer], grader: Grader, rules: Rules) -> Measured:
    """Return a benchmark's figures by one set of rules, and beside them its headline by the other, if it has one."""
    official = under_official_rules(benchmark, answers)
    kinds: dict[str, Sequence[ScoredAnswer]] = {PROJECT_RULES: answers, OFFICIAL_RULES: official}
    shown, name = (PROJECT_RULES, OFFICIAL_RULES) if rules == "project" else (OFFICIAL_RULES, PROJECT_RULES)
    counted, others = kinds[shown], kinds[name]
    metrics, other = benchmark.metrics(counted, grader), benchmark.headline(gather(others))
    if other.value is not None:
        metrics = replace(metrics, figures=(*metrics.figures, replace(other, name=f"{name}/{other.name}")))
    return Measured(metrics, tuple(counted), judge_share(answers))


def of_a_part(measured: Measured, whole: int | None) -> Measured:
    """Return what was measured of a part of a benchmark, which then says so.

    Args:
        measured: of the problems that were asked.
        whole: how many problems the benchmark has; null: not known.
    """
    metrics = measured.metrics
    if whole is None or whole <= metrics.counts.problems:
        return measured
    return replace(measured, metrics=replace(metrics, counts=replace(metrics.counts, whole=whole)))


@dataclass
class Results:
    """What is measured of a model, benchmark by benchmark, and how.

    Example: `Results({"model": "ReVisual-R1", "preset": "revisual_r1"})`
    """

    settings: Mapping[str, Any]
    answers: list[ScoredAnswer] = field(default_factory=list)
    """By the project's rules, as results.jsonl has them."""
    measured: list[Measured] = field(default_factory=list)
    requirements: Requirements = EVALUATION
    """What an answer had to be besides right, for the figures by the project's rules."""
    _pictures: dict[tuple[str, str], Sequence[ImageSource]] = field(default_factory=dict)

    def add(self, answers: Sequence[ScoredAnswer], measured: Measured, pictures_of: PicturesOf) -> None:
        """Add a benchmark; of its pictures only those that the report shows are kept."""
        self.answers += answers
        self.measured.append(measured)
        shown = wrong_answers(measured.answers)
        self._pictures |= {(answer.benchmark, answer.item_id): pictures_of(answer) for answer in shown}

    def write_numbers(self, folder: Path) -> None:
        """Write results.jsonl and metrics.json, each whole or not at all."""
        write_answers(folder / RESULTS, self.answers)
        write_atomically(folder / METRICS, json.dumps(self.metrics(), indent=2, ensure_ascii=False) + "\n")

    def write_report(self, folder: Path) -> None:
        """Write report.html, whole or not at all."""
        write_atomically(
            folder / REPORT, evaluation_report(self._report_settings(), self.measured, self._pick_pictures)
        )

    def _report_settings(self) -> dict[str, Any]:
        """Return the settings, and the requirements in one line each."""
        described = describe_requirements(self.requirements, self.answers)
        matters = described["answers_on_which_it_matters"]
        states = {name: "required" if on else "not required" for name, on in described["required"].items()}
        lines = {f"answers {name}": f"{state}; matters to {matters[name]:,} answers" for name, state in states.items()}
        if described["finished_unknown"]:
            lines["answers finished"] += f"; finished: unknown for {described['finished_unknown']:,}"
        return dict(self.settings) | lines

    def _pick_pictures(self, answer: ScoredAnswer) -> Sequence[ImageSource]:
        return self._pictures.get((answer.benchmark, answer.item_id), ())

    def metrics(self) -> dict[str, Any]:
        """Return the content of metrics.json."""
        return {
            "settings": dict(self.settings),
            "requirements": describe_requirements(self.requirements, self.answers),
            "benchmarks": {one.metrics.benchmark: _benchmark(one) for one in self.measured},
        }


def describe_requirements(requirements: Requirements, answers: Sequence[ScoredAnswer]) -> dict[str, Any]:
    """Return each requirement, the answers on which it made a difference, and how many do not say if they finished."""
    answered = [answer for answer in answers if not answer.is_failed]
    grades = [
        Grade(answer.score, answer.extracted, answer.rule, answer.error, tuple(answer.unmet)) for answer in answered
    ]
    unknown = sum(answer.truncated is None for answer in answered)
    return {
        "required": requirements.settings(),
        "answers_on_which_it_matters": requirements.count_differences(grades),
        "finished": "unknown" if answered and unknown == len(answered) else "known",
        "finished_unknown": unknown,
    }


def _benchmark(measured: Measured) -> dict[str, Any]:
    metrics: Metrics = measured.metrics
    return {
        "headline": asdict(metrics.headline),
        "figures": {figure.name: asdict(figure) for figure in metrics.figures},
        "counts": {name: count for name, count in asdict(metrics.counts).items() if count is not None},
        "judge": None if measured.judge is None else asdict(measured.judge),
    }


def read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of an evaluation, from its metrics.json; empty without one.

    Raises:
        UserError: the file is broken.
    """
    return _read(folder, "settings")


def read_wholes(folder: Path) -> dict[str, int]:
    """Return the number of problems of each benchmark of which an evaluation asked a part, from its metrics.json.

    Raises:
        UserError: the file is broken.
    """
    found = _read(folder, "benchmarks")
    counts = {name: one.get("counts", {}) for name, one in found.items() if isinstance(one, dict)}
    return {name: one["whole"] for name, one in counts.items() if isinstance(one.get("whole"), int)}


def _read(folder: Path, part: str) -> dict[str, Any]:
    path = folder / METRICS
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))[part]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not the metrics of an evaluation") from error
    if not isinstance(found, dict):
        raise UserError(f"{path}: not the metrics of an evaluation")
    return found
