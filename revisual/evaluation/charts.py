"""The charts of an evaluation's report."""

from collections.abc import Sequence
from math import nan

from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.metrics.figures import Figure, Metrics
from revisual.evaluation.paper import REVISUAL_R1_7B
from revisual.report.chart import CHARACTER, line_chart
from revisual.report.formats import label
from revisual.report.html import Element, element
from revisual.report.marks import Series

MOST_GROUPS = 24
"""A chart with more is not readable."""
MOST_LETTERS = 14
"""Of a name on a chart; the tables have the whole of it."""
NARROW, WIDE = 360, 560
"""Widths of charts."""

Chart = tuple[int, Element]
"""A chart and its width."""


def score_charts(found: Sequence[Metrics]) -> list[Chart]:
    """Each benchmark's headline with its interval, and what ReVisual-R1's paper reports; nothing without scores."""
    known = [metrics for metrics in found if metrics.headline.value is not None]
    paper = [REVISUAL_R1_7B.get(metrics.benchmark, nan) for metrics in known]
    series = [_whiskers("this model", [metrics.headline for metrics in known])]
    if any(value == value for value in paper):
        places = _spread(range(len(known)))
        series.append(Series("ReVisual-R1 7B, its paper", places, _spread(paper), color=1, markers=True))
    return [_by_name("Scores", [metrics.benchmark for metrics in known], series)] if known else []


def group_charts(figures: Sequence[Figure]) -> list[Chart]:
    """One chart per field that the score is split by."""
    groups: dict[str, list[Figure]] = {}
    for figure in figures:
        field, slash, _ = figure.name.partition("/")
        if slash and figure.value is not None:
            groups.setdefault(field, []).append(figure)
    return [
        _by_name(f"By {label(field).lower()}", [one.name.partition("/")[2] for one in found], [_whiskers("", found)])
        for field, found in groups.items()
        if 1 < len(found) <= MOST_GROUPS
    ]


def length_charts(answers: Sequence[ScoredAnswer]) -> list[Chart]:
    """How long right and wrong answers are: the share that is no longer than so many tokens."""
    decided = [answer for answer in answers if answer.is_decided and answer.tokens is not None]
    kinds = {"right": [one for one in decided if one.score >= 1], "wrong": [one for one in decided if one.score < 1]}
    series = []
    for place, (name, found) in enumerate(kinds.items()):
        lengths = sorted(answer.tokens or 0 for answer in found)
        shares = [(rank + 1) / len(lengths) for rank in range(len(lengths))]
        series.append(Series(name, lengths, shares, color=2 - place))
    if not decided:
        return []
    chart = line_chart("Length of answers", series, x_label="tokens", y_label="share", percent=True, y_range=(0, 1))
    return [(NARROW, chart)]


def _spread(values: Sequence[float | int] | range) -> list[float]:
    """Values with gaps between them, so that no line joins what are points."""
    return [float(one) for value in values for one in (value, nan)]


def _whiskers(name: str, figures: Sequence[Figure]) -> Series:
    values = [nan if figure.value is None else figure.value for figure in figures]
    low = [value if figure.low is None else figure.low for figure, value in zip(figures, values, strict=True)]
    high = [value if figure.high is None else figure.high for figure, value in zip(figures, values, strict=True)]
    places = _spread(range(len(figures)))
    return Series(name, places, _spread(values), low=_spread(low), high=_spread(high), color=0, markers=True)


def _by_name(title: str, names: Sequence[str], series: Sequence[Series]) -> Chart:
    shown = [_shortened(name) for name in names]
    width = _width(shown)
    chart = line_chart(
        title,
        series,
        percent=True,
        y_range=(0, 1),
        x_range=(-0.5, len(names) - 0.5),
        x_names=list(enumerate(shown)),
        size=(width, 220),
    )
    return width, chart


def _width(names: Sequence[str]) -> int:
    """How wide a chart must be for its names to stand side by side."""
    return max(NARROW, round(len(names) * (18 + CHARACTER * max(map(len, names)))))


def _shortened(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"


def laid_out(charts: Sequence[Chart]) -> list[Element]:
    """Narrow charts side by side, and each wide one on a row of its own, where its letters stay legible."""
    narrow = [chart for width, chart in charts if width <= WIDE]
    together = [element("div", *narrow, class_="charts wide")] if narrow else []
    return together + [element("div", chart, class_="charts wide whole") for width, chart in charts if width > WIDE]
