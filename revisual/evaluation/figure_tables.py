"""Figures in tables, each with its interval in numbers and drawn."""

from collections.abc import Sequence

from revisual.evaluation.charts import interval_plot
from revisual.evaluation.metrics.figures import Figure, Metrics
from revisual.report.formats import NUMBER, PERCENT, label
from revisual.report.html import Element, fold
from revisual.report.table import Cell, Column, table

MOST_OPEN = 30
"""A longer table of groups is folded until it is asked for."""
_COLUMNS = (Column("Score", format=PERCENT), Column("95 %"), Column("0 to 100 %"), Column("Problems", format=NUMBER))


def figures_table(metrics: Metrics, caption: str = "") -> Element:
    """Return the headline and what stands beside it; groups apart."""
    alone = [figure for figure in metrics.figures if figure.name not in _list_grouped(metrics.figures)]
    rows: list[list[Cell]] = [[one.name, *_cells(one)] for one in (metrics.headline, *alone)]
    return table(["Figure", *_COLUMNS], rows, caption)


def groups_table(figures: Sequence[Figure]) -> Element | None:
    """Return a row for each value of each field that the score is split by; a field of one value says nothing."""
    rows: list[list[Cell]] = []
    fields: list[str] = []
    for figure in figures:
        if figure.name in _list_grouped(figures):
            field, _, value = figure.name.partition("/")
            is_new = not fields or fields[-1] != field
            fields += [field] if is_new else []
            rows.append([label(field) if is_new else "", value, *_cells(figure)])
    if not rows:
        return None
    names = ", ".join(label(field).lower() for field in fields)
    shown = table(["By", "", *_COLUMNS], rows)
    return fold(f"By {names}", shown, is_open=len(rows) <= MOST_OPEN)


def _list_grouped(figures: Sequence[Figure]) -> set[str]:
    """Return the names of figures that differ in a field's value, of which there are several."""
    members: dict[str, set[str]] = {}
    for figure in figures:
        field, slash, _ = figure.name.partition("/")
        if slash:
            members.setdefault(field, set()).add(figure.name)
    return {name for names in members.values() if len(names) > 1 for name in names}


def _cells(figure: Figure) -> list[Cell]:
    known = figure.low is not None and figure.high is not None
    interval = f"{PERCENT.write(figure.low)}–{PERCENT.write(figure.high)}" if known else ""
    return [figure.value, interval, interval_plot(figure), figure.n]
