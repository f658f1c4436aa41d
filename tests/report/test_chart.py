import math

import pytest

from revisual.report import marks
from revisual.report.chart import line_chart
from revisual.report.marks import Series

from .parsing import Node, parse

NAN = math.nan


def draw(*series, **settings) -> Node:
    return parse(line_chart("T", series, **settings)).all("figure")[0]


def vertices(node: Node) -> list[tuple[float, float]]:
    return [tuple(map(float, pair.split(","))) for pair in node.attributes["points"].split()]


def lines(chart: Node, index: int = 0) -> list[list[tuple[float, float]]]:
    return [vertices(line) for line in chart.all("g", class_=f"c{index}")[0].all("polyline")]


def named_places(chart: Node, axis: str) -> dict[str, float]:
    """Tick labels with the pixel of the mark beside each, read from the drawing alone."""
    texts = chart.all("text", class_=axis)
    if axis == "y":
        places = [line["y1"] for line in chart.all("line", class_="grid")]
    else:
        places = [line["x1"] for line in chart.all("line", class_="axis") if line["x1"] == line["x2"]]
    return dict(zip((text.words for text in texts), places, strict=True))


def test_points_are_where_the_axes_say():
    xs, ys = [0, 5, 20], [1.0, 4.0, 2.5]
    chart = draw(Series("a", xs, ys), x_label="step", y_label="value")
    at_x, at_y = named_places(chart, "x"), named_places(chart, "y")
    pixels_per_x = (at_x["20"] - at_x["0"]) / 20
    pixels_per_y = (at_y["4"] - at_y["1"]) / 3
    expected = [(at_x["0"] + x * pixels_per_x, at_y["1"] + (y - 1) * pixels_per_y) for x, y in zip(xs, ys, strict=True)]
    for found, wanted in zip(lines(chart)[0], expected, strict=True):
        assert found == pytest.approx(wanted, abs=0.02)
    assert pixels_per_x > 0 > pixels_per_y


def test_fixed_ranges_end_at_the_frame():
    chart = draw(Series("a", [0, 10], [0.0, 1.0]), x_range=(0, 10), y_range=(0, 1), size=(400, 200))
    grid = chart.all("line", class_="grid")
    left, right = grid[0]["x1"], grid[0]["x2"]
    top, bottom = min(line["y1"] for line in grid), max(line["y1"] for line in grid)
    assert lines(chart) == [[(left, bottom), (right, top)]]
    assert 0 < left < right < 400 and 0 < top < bottom < 200
    assert chart.all("line", class_="axis")[0]["y1"] == bottom


def test_all_that_is_drawn_is_inside_the_drawing():
    chart = draw(
        Series("a", range(100), [math.sin(i) * 1e5 for i in range(100)]),
        Series("b", [0, 99], [0.0, 1.0], low=[-1e5, 0.0], high=[0.0, 2e5]),
        x_label="step",
        y_label="y",
        separators=[(0, "First stage"), (5, "Second stage"), (98, "Third stage"), (200, "Beyond")],
    )
    points = [point for line in lines(chart) for point in line]
    points += [(circle["cx"], circle["cy"]) for circle in chart.all("circle")]
    points += [(text["x"], text["y"]) for text in chart.all("text")]
    assert all(0 <= x <= 360 and 0 <= y <= 220 for x, y in points)
    assert [text.words for text in chart.all("text", class_="stage")] == ["First stage", "Second stage", "Third stage"]


def test_separators_stand_at_their_value_and_labels_do_not_overlap():
    chart = draw(Series("a", [0, 100], [0, 1]), separators=[(0, "A long name"), (10, "Another"), (100, "End")])
    at = named_places(chart, "x")
    per_x = (at["100"] - at["0"]) / 100
    found = [line["x1"] for line in chart.all("line", class_="separator")]
    assert found == pytest.approx([at["0"], at["0"] + 10 * per_x, at["100"]], abs=0.02)
    labels = chart.all("text", class_="stage")
    assert labels[0]["y"] - labels[1]["y"] >= 11
    assert "end" in labels[2].attributes["class"].split() and labels[2]["x"] < at["100"]


def test_nan_and_infinity_are_gaps():
    chart = draw(Series("a", range(7), [0.0, 1.0, NAN, 2.0, math.inf, 3.0, 4.0]))
    assert [len(line) for line in lines(chart)] == [2, 2]
    assert len(chart.all("circle", class_="dot")) == 1, "a point between two gaps is seen as a dot"
    assert len(chart.all("circle", class_="hit")) == 5
    assert "nan" not in str(line_chart("T", [Series("a", [0, 1], [NAN, 1.0])])).lower()


def test_one_point():
    chart = draw(Series("a", [7], [0.5]))
    (dot,) = chart.all("circle", class_="dot")
    assert list(named_places(chart, "x")) == ["7"]
    assert dot["cx"] == pytest.approx(named_places(chart, "x")["7"])
    grid = chart.all("line", class_="grid")
    assert dot["cx"] == pytest.approx((grid[0]["x1"] + grid[0]["x2"]) / 2, abs=0.02)


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-9, 1e12])
def test_a_constant_is_a_level_line_within_the_frame(value):
    chart = draw(Series("a", [0, 1, 2], [value] * 3))
    heights = {y for _, y in lines(chart)[0]}
    grid = [line["y1"] for line in chart.all("line", class_="grid")]
    assert len(heights) == 1 and min(grid) <= heights.pop() <= max(grid)


@pytest.mark.parametrize("series", [[], [Series("a", [], [])], [Series("a", [1, 2], [NAN, NAN])]])
def test_nothing_to_draw(series):
    chart = draw(*series)
    assert chart.all("text", class_="empty")[0].words == "no data"
    assert not chart.all("polyline") and not chart.all("circle")


def test_a_band_is_the_area_between_its_bounds():
    chart = draw(Series("a", [0, 1, 2, 3], [1, 2, NAN, 3], low=[0, 1, NAN, 2], high=[2, 4, NAN, 4]))
    at = named_places(chart, "y")
    paths = [path.attributes["d"] for path in chart.all("path", class_="band")]
    corners = [tuple(map(float, pair.split(","))) for pair in paths[0].strip("MZ").split("L")]
    assert [y for _, y in corners] == pytest.approx([at["2"], at["4"], at["1"], at["0"]], abs=0.02)
    assert [x for x, _ in corners] == [corners[0][0], corners[1][0], corners[1][0], corners[0][0]]
    assert len(paths) == 2, "a band of one point is a bar"


def test_names_and_tooltips_are_text():
    name = "<script>a</script>"
    chart = draw(Series(name, [0, 1], [0.25, 0.5]), Series("b", [0], [1]), x_names=[(0, "<i>"), (1, "B")], percent=True)
    assert [title.words for title in chart.all("title")][-2:] == [f"{name}\n<i>: 25.0%", f"{name}\nB: 50.0%"]
    assert not chart.all("script") and not chart.all("i")
    assert [entry.words for entry in chart.all("li")] == [name, "b"]


def test_percent_axis_ends_at_all():
    assert list(named_places(draw(Series("a", [0, 1], [0.93, 1.0]), percent=True), "y"))[-1] == "100%"
    assert set(named_places(draw(Series("a", [0, 1], [1.0, 1.0]), percent=True), "y")) >= {"100%"}


def test_colours_repeat_dashed_and_faint_lines_have_no_entry():
    chart = draw(
        *(Series(f"s{i}", [0, 1], [i, i]) for i in range(8)), Series("s0", [0, 1], [1, 2], color=0, faint=True)
    )
    assert len(chart.all("li")) == 8
    assert "dashed" in chart.all("li")[7].all("g")[0].attributes["class"].split()
    assert "dashed" not in chart.all("li")[6].all("g")[0].attributes["class"].split()


def test_a_long_curve_keeps_its_extremes_in_a_small_file():
    ys = [math.sin(i / 500) for i in range(100_000)]
    ys[54_321] = 9.0
    text = str(line_chart("T", [Series("a", range(100_000), ys)]))
    assert len(text) < 100_000
    (line,) = lines(parse(text).all("figure")[0])
    peak = min(line, key=lambda point: point[1])
    frame = [point[0] for point in (line[0], line[-1])]
    assert (peak[0] - frame[0]) / (frame[1] - frame[0]) == pytest.approx(54_321 / 99_999, abs=1e-3)


def test_the_gaps_of_a_series_are_looked_for_once(monkeypatch):
    """Not once for each axis, the lines and the points: of 50,000 points that takes a while."""
    asked, between_gaps = [], marks._between_gaps
    monkeypatch.setattr(marks, "_between_gaps", lambda rows: asked.append(len(rows)) or between_gaps(rows))
    drawn = str(line_chart("loss", [Series("a", [0, 1, 2], [1.0, float("nan"), 2.0])], "step"))
    assert asked == [3] and "svg" in drawn
