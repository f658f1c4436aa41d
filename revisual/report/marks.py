"""What is drawn inside a chart's frame: the lines, bands and points of one series."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from revisual.report.html import Element, element
from revisual.report.scale import Scale, is_drawable

COLORS = 7
"""How many the stylesheet has; the next series take them again, dashed."""
MOST_TOOLTIPS = 100

Numbers = Sequence[float | int]
Row = tuple[float | int, ...]


@dataclass(frozen=True)
class Series:
    """A line of a chart. A value that is NaN or infinite is a gap in it.

    Example: `Series("reward", xs=[0, 10, 20], ys=[0.1, 0.3, 0.4], low=[0.0, 0.2, 0.3], high=[0.2, 0.4, 0.5])`
    """

    name: str
    xs: Numbers
    ys: Numbers
    low: Numbers | None = None
    high: Numbers | None = None
    """With `low`, the bounds of a shaded band."""
    color: int | None = None
    """Its place in the palette; None: its place in the chart."""
    markers: bool = False
    dashed: bool = False
    faint: bool = False
    """In the background: the values behind a smoothed line."""

    def __post_init__(self) -> None:
        lengths = {len(values) for values in (self.xs, self.ys, self.low, self.high) if values is not None}
        if len(lengths) > 1:
            raise ValueError(f"series {self.name!r}: xs, ys, low and high differ in length")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"series {self.name!r}: a band needs both low and high")

    def segments(self) -> list[list[Row]]:
        """Return the points between gaps.

        Example: `Series("a", [0, 1, 2], [5.0, math.nan, 7.0]).segments() == [[(0, 5.0)], [(2, 7.0)]]`
        """
        return self._segments

    @cached_property  # long curves are looked at several times: for both axes, the lines and the points
    def _segments(self) -> list[list[Row]]:
        return _between_gaps(list(zip(self.xs, self.ys, strict=True)))

    def bands(self) -> list[list[Row]]:
        """Return the (x, low, high) between gaps."""
        if self.low is None or self.high is None:
            return []
        return _between_gaps(list(zip(self.xs, self.low, self.high, strict=True)))

    def points(self) -> list[Row]:
        """Return every point that can be drawn."""
        return self._points

    @cached_property
    def _points(self) -> list[Row]:
        return [point for segment in self._segments for point in segment]


def _between_gaps(rows: Sequence[Row]) -> list[list[Row]]:
    groups = groupby(rows, key=lambda row: all(map(is_drawable, row)))
    return [list(run) for drawable, run in groups if drawable]


def thin(points: Sequence[Row], columns: int) -> list[Row]:
    """Keep at most four points per column of pixels, so that a line looks the same and the file stays small.

    Example: `thin([(0, 1), (1, 9), (2, 0), (3, 5), (4, 2), (5, 3)], columns=1) == [(0, 1), (1, 9), (2, 0), (5, 3)]`
    """
    if len(points) <= 4 * columns:
        return list(points)
    kept: set[int] = set()
    for column in range(columns):
        part = range(column * len(points) // columns, (column + 1) * len(points) // columns)
        kept |= {part[0], part[-1], min(part, key=lambda i: points[i][1]), max(part, key=lambda i: points[i][1])}
    return [points[i] for i in sorted(kept)]


def series_classes(series: Series, index: int) -> str:
    """Return the classes that give a series its color and dashes, in the frame and in the legend."""
    place = index if series.color is None else series.color
    names = ["series", f"c{place % COLORS}"]
    if series.dashed or place >= COLORS:
        names.append("dashed")
    if series.faint:
        names.append("faint")
    return " ".join(names)


def draw_series(series: Series, index: int, x: Scale, y: Scale, describe: Callable[[Row], str]) -> Element:
    """Draw one series as a group: band, lines, visible points, and a tooltip from `describe` around each point."""
    columns = max(1, round(abs(x.end - x.start)))
    segments = [thin(segment, columns) for segment in series.segments()]
    marks = [_draw_band(band, x, y) for band in series.bands()]
    marks += [_draw_line(segment, x, y) for segment in segments if len(segment) > 1]
    shown = [point for segment in segments if series.markers or len(segment) == 1 for point in segment]
    marks += [_circle(point, x, y, "dot", 3) for point in shown]
    points = [] if series.faint else series.points()
    stride = -(-len(points) // MOST_TOOLTIPS) or 1
    marks += [_circle(point, x, y, "hit", 7, describe(point)) for point in points[::stride]]
    return element("g", *marks, class_=series_classes(series, index))


def _draw_line(points: Sequence[Row], x: Scale, y: Scale) -> Element:
    return element("polyline", points=" ".join(f"{x(px):.2f},{y(py):.2f}" for px, py in points))


def _draw_band(rows: Sequence[Row], x: Scale, y: Scale) -> Element:
    if len(rows) == 1:
        (at, low, high), half = rows[0], 2.0
        corners = [(x(at) - half, y(low)), (x(at) - half, y(high)), (x(at) + half, y(high)), (x(at) + half, y(low))]
    else:
        corners = [(x(at), y(high)) for at, _, high in rows] + [(x(at), y(low)) for at, low, _ in reversed(rows)]
    path = "M" + "L".join(f"{px:.2f},{py:.2f}" for px, py in corners) + "Z"
    return element("path", d=path, class_="band")


def _circle(point: Row, x: Scale, y: Scale, kind: str, radius: int, tooltip: str | None = None) -> Element:
    title = None if tooltip is None else element("title", tooltip)
    return element("circle", title, cx=x(point[0]), cy=y(point[1]), r=radius, class_=kind)
