"""The report of a run of several stages: what each stage won, what it cost, and how it went."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from revisual.core.files import write_atomically
from revisual.report.chart import chart_grid, line_chart
from revisual.report.curves import Curves, joined_charts, stage_charts
from revisual.report.formats import COUNT, DURATION, PERCENT, label
from revisual.report.html import Element, Section, element, hint, page, section
from revisual.report.marks import Series
from revisual.report.rollouts import RolloutExample, show_rollouts
from revisual.report.stages import (
    Measure,
    Stage,
    accuracies,
    detail_table,
    estimates,
    headline_table,
    read_stages,
    setting_in_words,
)
from revisual.report.table import settings_table

MOST_TILES = 6
SMOOTHING_HINT = "Here and below, a strong line over a faint one is the running mean of the logged values."


def write_pipeline_report(
    metrics: Mapping[str, Any],
    curves: Mapping[str, Curves],
    samples: Sequence[RolloutExample],
    path: Path,
    title: str = "Training report",
) -> None:
    """Write the report of a run to `path`, whole or not at all.

    Args:
        metrics: the run's metrics.json.
        curves: by stage, the curves by name, as `read_csv_curves` gives them.
        samples: rollouts to show, in the order in which they are shown.
        path: the HTML file.
        title: the page's.

    Raises:
        UserError: the metrics hold no stages.
    """
    stages = read_stages(metrics)
    sections = [
        _summary(stages),
        *_progress(stages, curves),
        *(section(label(name), *stage_charts(found)) for name, found in curves.items() if found),
    ]
    if samples:
        sections.append(section("Example rollouts", *show_rollouts(samples)))
    sections.append(section("Setup", _setup(metrics)))
    subtitle = " → ".join(label(stage.name) for stage in stages)
    write_atomically(path, page(title, *sections, subtitle=subtitle))


def _summary(stages: Sequence[Stage]) -> Section:
    details = detail_table(stages)
    return section("Results", _tiles(stages), headline_table(stages), details)


def _tiles(stages: Sequence[Stage]) -> Element:
    """Draw each accuracy after the last stage with its change over the whole run, and what the run cost in all."""
    found = accuracies(stages)
    tiles = []
    for measure in found[:MOST_TILES]:
        values = [one.value for one in estimates(stages, measure.key)]
        first, last = values[0], values[-1]
        change = ""
        if len(values) > 1 and first is not None and last is not None:
            change = f"{PERCENT.write_change(last - first)} over the run"
        name = f"{label(measure.source)}, {setting_in_words(measure.setting, found)}"
        tiles.append(_tile(name, PERCENT.write(last), change))
    seconds, tokens = (
        sum(stage.costs[name] for stage in stages if name in stage.costs) for name in ("seconds", "tokens")
    )
    if seconds:
        tiles.append(_tile("Time", DURATION.write(seconds), f"{COUNT.write(tokens)} tokens" if tokens else ""))
    return element("dl", *tiles, class_="tiles")


def _tile(name: str, value: str, note: str) -> Element:
    content = element("dd", element("span", value, class_="value"), element("small", note) if note else None)
    return element("div", element("dt", name), content, class_="tile")


def _progress(stages: Sequence[Stage], curves: Mapping[str, Curves]) -> list[Section]:
    """Draw accuracy over the stages, then what several stages logged, in one line."""
    charts = accuracy_charts(stages) if len(stages) > 1 else []
    joined = joined_charts({name: found for name, found in curves.items() if found})
    if not charts and not joined:
        return []
    blocks = [chart_grid(charts, is_wide=True)] if charts else []
    if joined:
        blocks += [element("h3", "What several stages logged"), hint(SMOOTHING_HINT), chart_grid(joined)]
    return [section("Across the stages", *blocks)]


def accuracy_charts(stages: Sequence[Stage]) -> list[Element]:
    """Return the accuracy of each source after each stage, a chart for each setting, all to the same scale."""
    found = accuracies(stages)
    sources = list(dict.fromkeys(measure.source for measure in found))
    by_setting: dict[str, list[Series]] = {}
    for measure in found:
        line = _stage_line(measure, stages, sources.index(measure.source))
        by_setting.setdefault(setting_in_words(measure.setting, found), []).append(line)
    names = [(place, label(stage.name)) for place, stage in enumerate(stages)]
    lines = [line for group in by_setting.values() for line in group]
    top = max((value for line in lines for value in [*line.ys, *(line.high or ())] if value == value), default=1.0)
    return [
        line_chart(
            f"Accuracy after each stage, {setting}".rstrip(", "),
            series,
            percent=True,
            x_range=(-0.4, len(stages) - 0.6),
            y_range=(0.0, min(1.0, math.ceil(5 * top) / 5) or 1.0),
            x_names=names,
            size=(440, 240),
        )
        for setting, series in by_setting.items()
    ]


def _stage_line(measure: Measure, stages: Sequence[Stage], color: int) -> Series:
    known = [(place, one) for place, one in enumerate(estimates(stages, measure.key)) if one.value is not None]
    places = [place for place, _ in known]
    values, low, high = (
        [math.nan if value is None else value for value in column]
        for column in zip(*((one.value, one.low, one.high) for _, one in known), strict=True)
    )
    return Series(label(measure.source), places, values, low, high, color=color, markers=True)


def _setup(metrics: Mapping[str, Any]) -> Element:
    """Return what it takes to run the same again."""
    versions = metrics.get("versions")
    known = versions if isinstance(versions, Mapping) else {}
    return settings_table({"Seed": metrics.get("seed", "-"), **known}, "What")
