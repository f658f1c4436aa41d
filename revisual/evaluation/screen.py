"""Results on the terminal."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from revisual.evaluation.metrics.figures import Metrics
from revisual.report.formats import NUMBER, PERCENT

WIDTH = 140
REMARKS = {"truncated": "cut", "unanswered": "without an answer", "undecided": "undecided", "failed": "failed"}


def show_metrics(found: Sequence[Metrics], console: Console | None = None) -> None:
    """A row per benchmark."""
    others = [_by_other_rules(metrics) for metrics in found]
    table = Table("", "figure", "score", "95 %", *(["other rules"] if any(others) else []), "problems", "answers")
    table.add_column("of which")
    for column in table.columns[2:-1]:
        column.justify = "right"
    for metrics, other in zip(found, others, strict=True):
        top, counts = metrics.headline, metrics.counts
        between = "-" if top.low is None or top.high is None else f"{PERCENT.write(top.low)}–{PERCENT.write(top.high)}"
        remarks = [f"{getattr(counts, name):,} {words}" for name, words in REMARKS.items() if getattr(counts, name)]
        scores = [PERCENT.write(top.value), between, *([other or "-"] if any(others) else [])]
        numbers = (NUMBER.write(counts.problems), NUMBER.write(counts.answers))
        table.add_row(metrics.benchmark, top.name, *scores, *numbers, ", ".join(remarks))
    (console or wide_console()).print(table)


def _by_other_rules(metrics: Metrics) -> str:
    """E.g. "official 57.3%"; empty where only one set of rules has a say."""
    figure = metrics.by_other_rules
    return "" if figure is None else f"{figure.name.partition('_')[0]} {PERCENT.write(figure.value)}"


def wide_console() -> Console:
    """The terminal, or where there is none, lines as long as a table may need."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
