"""What a run came to: metrics.json and report.html."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from revisual.core.errors import UserError
from revisual.core.files import write_atomically
from revisual.pipeline.stages import Place, Plan
from revisual.pipeline.state import State
from revisual.report.curves import Curves
from revisual.report.files import read_csv_curves
from revisual.report.pipeline import write_pipeline_report
from revisual.report.rollouts import RolloutExample
from revisual.report.stages import Number, with_bounds

METRICS, CURVES, RESPONSES, REPORT = "metrics.json", "metrics.csv", "responses.jsonl", "report.html"
PACKAGES = ("revisual", "torch", "lightning", "transformers")
EXAMPLES_PER_SOURCE = 1
MOST_SOURCES = 8


@dataclass(frozen=True)
class RunMetrics:
    """What the callback `MetricsFile` wrote."""

    scores: Mapping[str, Number]
    """What the run logged of its test, with the bounds of shares where the questions are counted."""
    costs: Mapping[str, Number]
    """`tokens` and `peak_memory_mib`, as far as known."""


def read_metrics(folder: Path) -> RunMetrics:
    """Read the metrics.json of one command.

    Raises:
        UserError: there is none, or it is not the callback's.
    """
    path = folder / METRICS
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        measured = {name: value for name, value in content["metrics"].items() if name.startswith("test/")}
        scores = with_bounds(measured, content.get("questions", {}))
    except FileNotFoundError as error:
        raise UserError(f"no {path} was written: list the callback MetricsFile in the config") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: is not what the callback MetricsFile writes") from error
    memory = content.get("peak_gpu_memory_mib", content.get("peak_memory_mib"))
    costs = {"tokens": content.get("tokens"), "peak_memory_mib": memory}
    return RunMetrics(scores, {name: value for name, value in costs.items() if value is not None})


def run_metrics(plan: Plan, state: State) -> dict[str, Any]:
    """Return the run's metrics.json: what each stage made of its policy, and at what cost."""
    before = _scores(plan.out / "start", state)
    stages = []
    for number, config in enumerate(plan.stages, start=1):
        folder = plan.folder(number)
        record = state[folder]
        is_finished = record is not None and record.is_finished
        after = _scores(folder, state) if is_finished else {}
        stages.append(
            {
                "name": config.name,
                "before": before,
                "after": after,
                "seconds": None if record is None else round(record.seconds, 3),
                **_costs(folder),
                "status": "waiting" if record is None else record.status,
            }
        )
        before = after
    return {"stages": stages, "seed": plan.seed, "versions": versions()}


def _scores(folder: Path, state: State) -> Mapping[str, Number]:
    record = state[folder / "evaluation"]
    if record is None or not record.is_finished:
        return {}
    try:
        return read_metrics(folder / "evaluation").scores
    except UserError:  # deleted by hand: it will be measured again
        return {}


def _costs(folder: Path) -> Mapping[str, Number]:
    try:
        return read_metrics(folder).costs
    except UserError:  # a stage may do without the callback; an evaluation may not
        return {}


def versions() -> dict[str, str]:
    """Return the versions of what the numbers depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def add_start(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics with what the first stage began from as an entry of its own, where it was measured."""
    stages = list(metrics["stages"])
    before = stages[0]["before"]
    return {**metrics, "stages": [{"name": "start", "after": before}, *stages] if before else stages}


def write_results(plan: Plan, state: State) -> dict[str, Any]:
    """Write metrics.json and report.html with all that is known so far; return the metrics."""
    metrics = run_metrics(plan, state)
    write_atomically(plan.out / METRICS, json.dumps(metrics, indent=2) + "\n")
    places = [Place("start", plan.out / "start", "")]
    places += [Place(stage.name, plan.folder(i), "") for i, stage in enumerate(plan.stages, start=1)]
    finished = [place for place in places if (record := state[place.folder]) is not None and record.is_finished]
    curves = {place.name: stage_curves(place.folder) for place in finished}
    shown = [example for place in places if _scores(place.folder, state) for example in examples(place)]
    shown.sort(key=lambda pair: pair[0])  # a question's answers, from the start to the last stage
    write_pipeline_report(add_start(metrics), curves, [one for _, one in shown], plan.out / REPORT)
    return metrics


def stage_curves(folder: Path) -> Curves:
    """Return all curves that a stage logged; where it was resumed, the later log counts."""
    joined: dict[str, dict[float, float]] = {}
    paths = [path for path in folder.rglob(CURVES) if "evaluation" not in path.relative_to(folder).parts]
    for path in sorted(paths, key=lambda path: path.stat().st_mtime):
        for name, (steps, values) in read_csv_curves(path).items():
            joined.setdefault(name, {}).update(zip(steps, values, strict=True))
    ordered = {name: sorted(points.items()) for name, points in joined.items()}
    return {name: ([step for step, _ in pairs], [value for _, value in pairs]) for name, pairs in ordered.items()}


def examples(place: Place) -> list[tuple[tuple[int, int], RolloutExample]]:
    """Return the answers to each source's first questions, with where they stand among others: (source, question)."""
    path = place.folder / "evaluation" / RESPONSES
    found: dict[str, dict[str, RolloutExample]] = {}
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            of_source = found.setdefault(row["source"], {})
            if row["id"] not in of_source and len(of_source) < EXAMPLES_PER_SOURCE:
                of_source[row["id"]] = _example(row, place.name, path.parent)
    sources = list(found.values())[:MOST_SOURCES]
    return [((i, j), one) for i, of_source in enumerate(sources) for j, one in enumerate(of_source.values())]


def _example(row: Mapping[str, Any], stage: str, folder: Path) -> RolloutExample:
    names: Sequence[str] = row.get("pictures", ())
    pictures = [(folder / name).read_bytes() for name in names if (folder / name).is_file()]
    return RolloutExample(row["question"], row["response"], row["answer"], row["accuracy"], stage, pictures)
