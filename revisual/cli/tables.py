"""Results as tables on the terminal."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from revisual.evaluation.metrics.figures import Metrics
from revisual.report.formats import NUMBER, PERCENT, label
from revisual.report.stages import (
    COSTS,
    EVERYTHING,
    Measure,
    Stage,
    accuracies,
    estimates,
    format_rates,
    setting_in_words,
)

WIDTH = 140
REMARKS = {"truncated": "cut", "unanswered": "without an answer", "undecided": "undecided", "failed": "failed"}


def wide_console(width: int = WIDTH) -> Console:
    """Return the terminal, or where there is none, lines as long as a table may need."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else width)


def number_table(*headers: str) -> Table:
    """Return an empty table of which all columns but the first are aligned to the right."""
    table = Table(*headers)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def show_metrics(found: Sequence[Metrics], console: Console | None = None) -> None:
    """Print a row per benchmark."""
    others = [_by_other_rules(metrics) for metrics in found]
    rules = ["other rules"] if any(others) else []
    table = number_table("", "figure", "score", "95 %", *rules, "problems", "answers", "of which")
    table.columns[1].justify = table.columns[-1].justify = "left"
    for metrics, other in zip(found, others, strict=True):
        top, counts = metrics.headline, metrics.counts
        between = "-" if top.low is None or top.high is None else f"{PERCENT.write(top.low)}–{PERCENT.write(top.high)}"
        remarks = [f"{getattr(counts, name):,} {words}" for name, words in REMARKS.items() if getattr(counts, name)]
        scores = [PERCENT.write(top.value), between, *([other or "-"] if any(others) else [])]
        numbers = (counts.asked, NUMBER.write(counts.answers))
        table.add_row(metrics.benchmark, top.name, *scores, *numbers, ", ".join(remarks))
    (console or wide_console()).print(table)


def _by_other_rules(metrics: Metrics) -> str:
    """Return e.g. "official 57.3%"; nothing where only one set of rules has a say."""
    figure = metrics.by_other_rules
    return "" if figure is None else f"{figure.name.partition('_')[0]} {PERCENT.write(figure.value)}"


def show_stages(stages: Sequence[Stage], console: Console | None = None) -> None:
    """Print a column per stage and a row per measure: there may be many sources, and stages are few."""
    table = number_table("", *(label(stage.name) for stage in stages))
    scores = [*accuracies(stages), *format_rates(stages)]
    for measure in scores:
        values = [PERCENT.write(one.value) for one in estimates(stages, measure.key)]
        table.add_row(_name(measure, scores), *values)
    for key, (name, form) in COSTS.items():
        if any(key in stage.costs for stage in stages):
            table.add_row(name, *(form.write(stage.costs.get(key)) for stage in stages))
    (console or Console(highlight=False)).print(table)


def _name(measure: Measure, among: Sequence[Measure]) -> str:
    source = "" if measure.source == EVERYTHING else measure.source.replace("_", " ")
    settings = {one.setting for one in among}
    setting = f", {setting_in_words(measure.setting, among)}" if len(settings) > 1 else ""
    words = f"{source} {measure.name}".strip()
    return words[:1].upper() + words[1:] + setting
