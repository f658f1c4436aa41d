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
    table = Table("", "figure", "score", "95 %", "other rules", "problems", "answers", "of which")
    for column in table.columns[2:7]:
        column.justify = "right"
    for metrics in found:
        top, counts, other = metrics.headline, metrics.counts, metrics.by_other_rules
        between = "-" if top.low is None or top.high is None else f"{PERCENT.write(top.low)}–{PERCENT.write(top.high)}"
        remarks = [f"{getattr(counts, name):,} {words}" for name, words in REMARKS.items() if getattr(counts, name)]
        second = "-" if other is None else f"{other.name.partition('_')[0]} {PERCENT.write(other.value)}"
        numbers = (NUMBER.write(counts.problems), NUMBER.write(counts.answers))
        table.add_row(
            *(metrics.benchmark, top.name, PERCENT.write(top.value), between, second, *numbers), ", ".join(remarks)
        )
    (console or wide_console()).print(table)


def wide_console() -> Console:
    """The terminal, or where there is none, lines as long as a table may need."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
