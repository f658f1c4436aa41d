"""The drawings of an evaluation's report."""

from collections.abc import Sequence
from math import nan

from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.metrics.figures import Figure, Metrics
from revisual.evaluation.paper import REVISUAL_R1_7B
from revisual.report.chart import CHARACTER, line_chart
from revisual.report.formats import PERCENT
from revisual.report.html import Element, element
from revisual.report.marks import Series
from revisual.report.scale import Scale

SIZE = (520, 250)
"""Of the chart of scores: its letters are then about as large as those of the page."""
PLOT = (200, 16)
"""Size of a drawing in a table's cell."""


def score_chart(found: Sequence[Metrics]) -> Element | None:
    """Draw each benchmark's headline with its interval beside ReVisual-R1's published score, where there is one.

    A single score, or scores that no paper has, say no more than the table.
    """
    known = [one for one in found if one.headline.value is not None and one.benchmark in REVISUAL_R1_7B]
    if len(known) < 2:
        return None
    series = [_whiskers("this model", [metrics.headline for metrics in known])]
    places, paper = _spread(range(len(known))), _spread([REVISUAL_R1_7B[metrics.benchmark] for metrics in known])
    series.append(Series("ReVisual-R1 7B, its paper", places, paper, color=1, markers=True))
    names = [m.benchmark if m.counts.whole is None else f"{m.benchmark}, {m.counts.asked}" for m in known]
    return line_chart(
        "Scores",
        series,
        percent=True,
        y_range=(0, 1),
        x_range=(-0.5, len(names) - 0.5),
        x_names=list(enumerate(names)),
        size=(max(SIZE[0], round(len(names) * (18 + CHARACTER * max(map(len, names))))), SIZE[1]),
    )


def length_chart(name: str, answers: Sequence[ScoredAnswer]) -> Element | None:
    """Return how long right and wrong answers are: the share that is no longer than so many tokens."""
    decided = [answer for answer in answers if answer.is_decided and answer.tokens is not None]
    if len({answer.tokens for answer in decided}) < 2:
        return None
    kinds = {"right": [one for one in decided if one.score >= 1], "wrong": [one for one in decided if one.score < 1]}
    series = []
    for place, (kind, found) in enumerate(kinds.items()):
        lengths = sorted(answer.tokens or 0 for answer in found)
        shares = [(rank + 1) / len(lengths) for rank in range(len(lengths))]
        series.append(Series(kind, lengths, shares, color=2 - place))
    return line_chart(name, series, x_label="tokens", y_label="share", percent=True, y_range=(0, 1))


def interval_plot(figure: Figure) -> Element | str:
    """Return a share and its interval on a line from 0 to 100 %, for a table's cell; empty without a value."""
    if figure.value is None:
        return ""
    width, height = PLOT
    x, middle = Scale(0.0, 1.0, 6.0, width - 6.0), height / 2
    ticks = [element("line", x1=x(at), x2=x(at), y1=middle - 3, y2=middle + 3, class_="axis") for at in (0.0, 0.5, 1.0)]
    ground = element("line", x1=x(0.0), x2=x(1.0), y1=middle, y2=middle, class_="grid")
    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    whisker = element("polyline", points=f"{x(low):.1f},{middle:g} {x(high):.1f},{middle:g}")
    dot = element("circle", cx=x(figure.value), cy=middle, r=4, class_="dot")
    drawn = [ground, *ticks, element("g", whisker, dot, class_="series c0")]
    name = f"{figure.name}: {PERCENT.write(figure.value)}"
    return element(
        "svg", *drawn, viewBox=f"0 0 {width} {height}", width=width, height=height, role="img", aria_label=name
    )


def _spread(values: Sequence[float | int] | range) -> list[float]:
    """Return values with gaps between them, so that no line joins what are points."""
    return [float(one) for value in values for one in (value, nan)]


def _whiskers(name: str, figures: Sequence[Figure]) -> Series:
    values = [nan if figure.value is None else figure.value for figure in figures]
    low = [value if figure.low is None else figure.low for figure, value in zip(figures, values, strict=True)]
    high = [value if figure.high is None else figure.high for figure, value in zip(figures, values, strict=True)]
    places = _spread(range(len(figures)))
    return Series(name, places, _spread(values), low=_spread(low), high=_spread(high), color=0, markers=True)
