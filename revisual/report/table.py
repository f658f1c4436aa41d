"""Tables of numbers: aligned, written in one way, the best value of a column marked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from revisual.report.formats import NOTHING, NUMBER, Format
from revisual.report.html import Element, element


@dataclass(frozen=True)
class Estimate:
    """A number with what is known of it besides.

    Example: `Estimate(0.625, low=0.59, high=0.66, change=0.125)`
    """

    value: float | int | None
    low: float | int | None = None
    high: float | int | None = None
    change: float | int | None = None
    """Against the row that it is compared with."""


Cell = str | float | int | Estimate | Element | None


@dataclass(frozen=True)
class Column:
    """A heading, and how the numbers below it are written and compared."""

    title: str
    note: str = ""
    """A second, smaller line of the heading."""
    format: Format = NUMBER
    best: Literal["max", "min"] | None = None
    """Which value is marked; with it, changes are shown as gains and losses."""


def table(headers: Sequence[Column | str], rows: Sequence[Sequence[Cell]], caption: str = "") -> Element:
    """Return rows under headers, of which the first column names the row.

    Example: `table(["Model", Column("Accuracy", format=PERCENT, best="max")], [["base", 0.2], ["tuned", 0.6]])`

    Raises:
        ValueError: a row with more or fewer cells than there are headers.
    """
    columns = [Column(header) if isinstance(header, str) else header for header in headers]
    for index, row in enumerate(rows):
        if len(row) != len(columns):
            raise ValueError(f"row {index} has {len(row)} cells under {len(columns)} headers")
    numeric = [_is_numeric([row[i] for row in rows]) for i in range(len(columns))]
    best = [_best(column, [row[i] for row in rows]) for i, column in enumerate(columns)]
    heads = [_head(column, is_number) for column, is_number in zip(columns, numeric, strict=True)]
    body = [
        element("tr", *(_cell(cell, columns[i], numeric[i], best[i], is_head=i == 0) for i, cell in enumerate(row)))
        for row in rows
    ]
    content = element("table", element("thead", element("tr", *heads)), element("tbody", *body))
    return element(
        "figure",
        element("div", content, class_="scroll"),
        element("figcaption", caption, class_="caption") if caption else None,
        class_="table",
    )


def settings_table(settings: Mapping[str, object], title: str = "Setting") -> Element:
    """Return a row per setting, of which those that are None are left out.

    Args:
        settings: their values by name.
        title: above the names.
    """
    return table([title, "Value"], [[str(name), str(value)] for name, value in settings.items() if value is not None])


def _number(cell: Cell) -> float | int | None:
    value = cell.value if isinstance(cell, Estimate) else cell
    return value if isinstance(value, float | int) and math.isfinite(value) else None


def _is_numeric(cells: Sequence[Cell]) -> bool:
    known = [cell for cell in cells if cell is not None]
    return bool(known) and all(isinstance(cell, float | int | Estimate) for cell in known)


def _best(column: Column, cells: Sequence[Cell]) -> str | None:
    """Return the best value as it is written, so that values that look equal are marked alike; None if none is best."""
    numbers = [number for cell in cells if (number := _number(cell)) is not None]
    if column.best is None or len({column.format.write(number) for number in numbers}) < 2:
        return None
    return column.format.write(max(numbers) if column.best == "max" else min(numbers))


def _head(column: Column, is_number: bool) -> Element:
    note = element("small", column.note) if column.note else None
    return element("th", column.title, note, scope="col", class_="number" if is_number else None)


def _cell(cell: Cell, column: Column, is_number: bool, best: str | None, is_head: bool) -> Element:
    classes = ["number"] if is_number else []
    number = _number(cell)
    if best is not None and number is not None and column.format.write(number) == best:
        classes.append("best")
    tag = "th" if is_head else "td"
    return element(tag, *_content(cell, column), class_=" ".join(classes) or None, scope="row" if is_head else None)


def _content(cell: Cell, column: Column) -> list[Element | str]:
    if isinstance(cell, str | Element):
        return [cell]
    if not isinstance(cell, Estimate):
        text = column.format.write(cell)
        return [element("span", text, class_="nothing") if text == NOTHING else text]
    parts = _content(cell.value, column)
    number = _number(cell)
    if number is not None and cell.change is not None and math.isfinite(cell.change):
        parts.append(_change(cell.change, column))
    if number is not None and cell.low is not None and cell.high is not None:
        parts.append(element("small", column.format.write_interval(number, cell.low, cell.high)))
    return parts


def _change(change: float | int, column: Column) -> Element:
    text = column.format.write_change(change)
    kind = "change"
    if column.best is not None and text[0] in "+−":
        kind += " gain" if (text[0] == "+") == (column.best == "max") else " loss"
    return element("small", text, class_=kind)
