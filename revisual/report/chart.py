"""Line charts as inline SVG, without a script."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from revisual.report.formats import NUMBER, PERCENT
from revisual.report.html import Element, element
from revisual.report.marks import Row, Series, draw_series, series_classes
from revisual.report.scale import Scale, data_range, nice_step, round_out, tick_labels, ticks_within

CHARACTER, LINE = 6.2, 14.0
"""Size of the small letters, in the units of the drawing."""

Place = tuple[float | int, str]
"""A value on the x axis and what stands there."""
Range = tuple[float | int, float | int]


@dataclass(frozen=True)
class Axis:
    """A range, and the values within it that are named."""

    low: float
    high: float
    ticks: Sequence[Place]


def line_chart(
    title: str,
    series: Sequence[Series],
    x_label: str = "",
    y_label: str = "",
    *,
    percent: bool = False,
    x_range: Range | None = None,
    y_range: Range | None = None,
    x_names: Sequence[Place] = (),
    separators: Sequence[Place] = (),
    size: tuple[int, int] = (360, 220),
) -> Element:
    """Draw series over a common x axis, with axes, a legend for several, and a tooltip at each point.

    Example: `line_chart("Reward", [Series("train", [0, 1, 2], [0.1, 0.4, 0.6])], x_label="step")`

    Args:
        title: above the chart.
        series: what to draw; the first is the topmost.
        x_label: below the x axis.
        y_label: left of the y axis.
        percent: values are fractions, shown as percentages.
        x_range: what the x axis spans; None: the data.
        y_range: what the y axis spans; None: the data, up to the next round values.
        x_names: names in place of numbers on the x axis.
        separators: vertical lines, each with the name of what begins there.
        size: width and height of the drawing, in units that are about a pixel.
    """
    x_axis, y_axis = _x_axis(series, x_range, x_names, size), _y_axis(series, y_range, percent)
    x, y, dividers = _lay_out(x_axis, y_axis, separators, x_label, y_label, size)
    content = [
        *_draw_axes(x_axis, y_axis, x, y),
        *_draw_labels(x_label, y_label, x, y, size),
        *(_draw_divider(divider, y) for divider in dividers),
        *_draw_all(series, x, y, _describer(dict(x_names), x_label, percent)),
    ]
    svg = element("svg", *content, viewBox=f"0 0 {size[0]} {size[1]}", role="img", aria_label=title)
    return element("figure", element("figcaption", title), svg, _legend(series), class_="chart")


def chart_grid(charts: Sequence[Element | None], is_wide: bool = False) -> Element | None:
    """Return charts side by side, as many as there is room for; None where there are none."""
    shown = [chart for chart in charts if chart is not None]
    return element("div", *shown, class_="charts wide" if is_wide else "charts") if shown else None


def _lay_out(
    x_axis: Axis, y_axis: Axis, separators: Sequence[Place], x_label: str, y_label: str, size: tuple[int, int]
) -> "tuple[Scale, Scale, list[Divider]]":
    """Return the scales and dividers of the frame, which takes what the labels leave of the drawing."""
    left = 12 + CHARACTER * max((len(text) for _, text in y_axis.ticks), default=0) + (LINE if y_label else 0)
    right, bottom = size[0] - 14.0, size[1] - 20.0 - (LINE if x_label else 0)
    x = Scale(x_axis.low, x_axis.high, left, right)
    dividers = _place_dividers(separators, x)
    top = 8.0 + LINE * (1 + max((divider.row for divider in dividers), default=-1))
    return x, Scale(y_axis.low, y_axis.high, bottom, top), dividers


def _draw_all(series: Sequence[Series], x: Scale, y: Scale, describe: Callable[[Series, Row], str]) -> list[Element]:
    """Draw the first series last, so that it lies on top; write a word where there is nothing to draw."""
    if not any(one.points() for one in series):
        middle = (x.start + x.end) / 2, (y.start + y.end) / 2
        return [element("text", "no data", x=middle[0], y=middle[1], class_="empty")]
    drawn = [draw_series(one, place, x, y, partial(describe, one)) for place, one in enumerate(series)]
    return drawn[::-1]


def _x_axis(series: Sequence[Series], fixed: Range | None, names: Sequence[Place], size: tuple[int, int]) -> Axis:
    values = [point[0] for one in series for point in one.points()]
    low, high = _as_floats(fixed) or data_range([*values, *(at for at, _ in names)])
    if names:
        return Axis(low, high, names)
    if len(set(values)) == 1:
        return Axis(low, high, [(values[0], NUMBER.write(values[0]))])
    step = nice_step(low, high, count=max(2, size[0] // 70), whole=all(value == int(value) for value in values))
    ticks = ticks_within(low, high, step)
    return Axis(low, high, list(zip(ticks, tick_labels(ticks, step), strict=True)))


def _as_floats(fixed: Range | None) -> tuple[float, float] | None:
    return None if fixed is None else (float(fixed[0]), float(fixed[1]))


def _y_axis(series: Sequence[Series], fixed: Range | None, percent: bool) -> Axis:
    bounds = [value for one in series for band in one.bands() for row in band for value in row[1:]]
    values = [point[1] for one in series for point in one.points()] + bounds
    low, high = _as_floats(fixed) or data_range(values)
    step = nice_step(low, high, count=5)
    if fixed is None:
        low, high = round_out(low, high, step)
    if fixed is None and percent and all(0 <= value <= 1 for value in values):
        low, high = max(low, 0.0), min(high, 1.0)
    ticks = ticks_within(low, high, step)
    return Axis(low, high, list(zip(ticks, tick_labels(ticks, step, percent), strict=True)))


def _describer(names: dict[float | int, str], x_label: str, percent: bool) -> Callable[[Series, Row], str]:
    write = (PERCENT if percent else NUMBER).write

    def describe(series: Series, point: Row) -> str:
        place = names.get(point[0], f"{x_label or 'x'} {NUMBER.write(point[0])}")
        return f"{series.name}\n{place}: {write(point[1])}"

    return describe


def _draw_axes(x_axis: Axis, y_axis: Axis, x: Scale, y: Scale) -> list[Element]:
    drawn = []
    for value, text in y_axis.ticks:
        drawn.append(element("line", x1=x.start, x2=x.end, y1=y(value), y2=y(value), class_="grid"))
        drawn.append(element("text", text, x=x.start - 6, y=y(value) + 4, class_="tick y"))
    drawn.append(element("line", x1=x.start, x2=x.end, y1=y.start, y2=y.start, class_="axis"))
    for value, text in x_axis.ticks:
        drawn.append(element("line", x1=x(value), x2=x(value), y1=y.start, y2=y.start + 4, class_="axis"))
        drawn.append(element("text", text, x=x(value), y=y.start + 16, class_="tick x"))
    return drawn


def _draw_labels(x_label: str, y_label: str, x: Scale, y: Scale, size: tuple[int, int]) -> list[Element]:
    drawn, middle = [], (y.start + y.end) / 2
    if x_label:
        drawn.append(element("text", x_label, x=(x.start + x.end) / 2, y=size[1] - 4, class_="label"))
    if y_label:
        turn = f"rotate(-90 10 {middle:.2f})"
        drawn.append(element("text", y_label, x=10, y=middle, transform=turn, class_="label"))
    return drawn


@dataclass(frozen=True)
class Divider:
    """A separator with room for its label: from `start` to `end`, `row` lines above the frame."""

    at: float
    text: str
    start: float
    end: float
    row: int


def _place_dividers(separators: Sequence[Place], x: Scale) -> list[Divider]:
    """Place the labels beside their lines, to the left at the right edge, in as many rows as keep them apart."""
    placed: list[Divider] = []
    for value, text in separators:
        if not x.low <= value <= x.high:
            continue
        at, width = x(value), CHARACTER * len(text)
        start = at + 4 if at + 4 + width <= x.end + 12 else at - 4 - width
        taken = {other.row for other in placed if start < other.end + 6 and other.start < start + width + 6}
        row = next(row for row in range(len(placed) + 1) if row not in taken)
        placed.append(Divider(at, text, start, start + width, row))
    return placed


def _draw_divider(divider: Divider, y: Scale) -> Element:
    height = y.end - 4 - LINE * divider.row
    line = element("line", x1=divider.at, x2=divider.at, y1=y.start, y2=height - 9, class_="separator")
    is_right = divider.start > divider.at
    side = element(
        "text",
        divider.text,
        x=divider.start if is_right else divider.end,
        y=height,
        class_="stage" if is_right else "stage end",
    )
    return element("g", line, side)


def _legend(series: Sequence[Series]) -> Element | None:
    named = [(i, one) for i, one in enumerate(series) if one.name and not one.faint]
    if len(named) < 2:
        return None
    entries = []
    for index, one in named:
        line = element("line", x1=0, x2=22, y1=5, y2=5, class_="sample")
        dot = element("circle", cx=11, cy=5, r=3, class_="dot") if one.markers else None
        sample = element("g", line, dot, class_=series_classes(one, index))
        key = element("svg", sample, viewBox="0 0 22 10", class_="key", aria_hidden="true")
        entries.append(element("li", key, one.name))
    return element("ul", *entries, class_="legend")
