"""Curves that a logger wrote, sorted into charts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from revisual.report.chart import chart_grid, line_chart
from revisual.report.formats import PERCENT, label
from revisual.report.html import Element, element
from revisual.report.marks import Series
from revisual.report.stages import format_of

ORDER = ("reward", "accuracy", "entropy", "length", "kept", "loss")
"""What is looked at first; the rest follows by name."""
PARTS = "kept_fraction_"
"""Begins the names of parts of what has a curve of its own."""
SMOOTHED_FROM = 40
"""A curve of fewer points is drawn as it is."""
MARKED_TO = 12
"""Up to so many points each is marked."""
NOISY_FROM = 2.5
"""How many times its range a curve goes up and down, for it to be smoothed."""

Curve = tuple[Sequence[float | int], Sequence[float | int]]
Curves = Mapping[str, Curve]


@dataclass(frozen=True)
class Topic:
    """What one chart is about: curves that differ only in the middle of their names.

    Example: "val/arithmetic/accuracy" and "val/shapes/accuracy" are two lines of one chart.
    """

    group: str
    name: str


def topic_of(key: str) -> Topic:
    """Split a curve's name: its first part is the group, its last the topic.

    Example: `topic_of("train/loss") == Topic("train", "loss")`
    """
    first, *rest = key.split("/")
    return Topic(first, rest[-1]) if rest else Topic("", first)


def line_name(key: str) -> str:
    """Return a curve's name among the others of its topic.

    Example: `line_name("val/greedy/shapes/accuracy") == "Greedy shapes"`
    """
    parts = key.split("/")
    return label(" ".join(parts[1:-1])) or label(parts[-1])


def rank(name: str) -> tuple[int, str]:
    """Return the place of a topic among the others: that of the first word of its name that has one."""
    found = {name.index(word): place for place, word in enumerate(ORDER) if word in name}
    return (found[min(found)] if found else len(ORDER), name)


def running_mean(values: Sequence[float | int], reach: int) -> list[float]:
    """Return the mean of the values up to `reach` places away; a gap stays a gap, and none looks across it.

    Example: `running_mean([1.0, 2.0, 6.0], reach=1) == [1.5, 3.0, 4.0]`
    """
    means: list[float] = []
    for is_known, run in groupby(values, key=math.isfinite):
        part = list(run)
        sums = list(accumulate(part, initial=0.0))
        for index in range(len(part)):
            low, high = max(0, index - reach), min(len(part), index + reach + 1)
            means.append((sums[high] - sums[low]) / (high - low) if is_known else math.nan)
    return means


def is_noisy(values: Sequence[float | int]) -> bool:
    """Return whether a curve goes up and down by many times its range, as a learning rate's does not.

    Example: `is_noisy([0, 1, 0, 1, 0, 1]) and not is_noisy([0, 1, 2, 3, 2, 1])`
    """
    known = [value for value in values if math.isfinite(value)]
    way = sum(abs(after - before) for before, after in pairwise(known))
    return bool(known) and way > NOISY_FROM * (max(known) - min(known))


def as_series(name: str, curve: Curve, color: int) -> list[Series]:
    """Return a curve as one line, or, where it has many points and is noisy, as a smoothed one before the values."""
    xs, ys = curve
    if len(xs) < SMOOTHED_FROM or not is_noisy(ys):
        return [Series(name, xs, ys, color=color, markers=len(xs) <= MARKED_TO)]
    smooth = running_mean(ys, reach=max(1, len(ys) // 40))
    return [Series(name, xs, smooth, color=color), Series(name, xs, ys, color=color, faint=True)]


def topic_chart(title: str, curves: Curves, separators: Sequence[tuple[float, str]] = ()) -> Element:
    """Return the curves of one topic."""
    lines = [(line_name(key), curve) for key, curve in curves.items()]
    series = [one for place, (name, curve) in enumerate(lines) for one in as_series(name, curve, place)]
    values = [value for _, ys in curves.values() for value in ys if math.isfinite(value)]
    is_share = all(format_of(topic_of(key).name, values) is PERCENT for key in curves)
    x_range = None
    if separators:
        x_range = (separators[0][0], float(max(x for xs, _ in curves.values() for x in xs)))
    return line_chart(title, series, "step", percent=is_share, x_range=x_range, separators=separators)


def topics(curves: Curves) -> dict[Topic, dict[str, Curve]]:
    """Return the curves by topic, what matters most first."""
    sorted_keys = sorted(curves, key=lambda key: (*rank(topic_of(key).name), key))
    found: dict[Topic, dict[str, Curve]] = {}
    for key in sorted_keys:
        if len(curves[key][0]):
            found.setdefault(topic_of(key), {})[key] = curves[key]
    return found


def stage_charts(curves: Curves) -> list[Element | None]:
    """Return all curves of one stage: a block of charts for each group."""
    by_topic = topics(curves)
    groups = list(dict.fromkeys(topic.group for topic in by_topic))
    blocks: list[Element | None] = []
    for group in groups:
        charts = [topic_chart(label(one.name), found) for one, found in by_topic.items() if one.group == group]
        blocks += [element("h3", label(group) or "Other"), chart_grid(charts)]
    return blocks


def joined_charts(stages: Mapping[str, Curves]) -> list[Element]:
    """Chart what several stages logged of reward, accuracy, entropy, length and share kept, on one axis of steps."""
    by_stage = {name: topics(curves) for name, curves in stages.items()}
    known = {topic for of_stage in by_stage.values() for topic in of_stage if not topic.name.startswith(PARTS)}
    found = {topic for topic in known if rank(topic.name)[0] < ORDER.index("loss")}
    charts = []
    for topic in sorted(found, key=lambda topic: (*rank(topic.name), topic.group)):
        parts = {name: of_stage[topic] for name, of_stage in by_stage.items() if topic in of_stage}
        if len(parts) > 1:
            separators, joined = join(parts)
            charts.append(topic_chart(f"{label(topic.name)}, {topic.group}".rstrip(", "), joined, separators))
    return charts


def join(stages: Mapping[str, Curves]) -> tuple[list[tuple[float, str]], dict[str, Curve]]:
    """Move each stage to where the one before it ends; return where each begins, and the curves with gaps in between.

    Example: `join({"a": {"r": ([0, 5], [1, 2])}, "b": {"r": ([0], [3])}}) ==
    ([(0.0, "A"), (5.0, "B")], {"r": ([0, 5, 5, 5], [1, 2, nan, 3])})`
    """
    begin, separators = 0.0, []
    joined: dict[str, tuple[list[float | int], list[float | int]]] = {}
    for name, curves in stages.items():
        separators.append((begin, label(name)))
        for key, (steps, values) in curves.items():
            xs, ys = joined.setdefault(key, ([], []))
            xs += [begin + step for step in steps] if not xs else [begin, *(begin + step for step in steps)]
            ys += values if not ys else [math.nan, *values]
        begin += max(step for steps, _ in curves.values() for step in steps)
    return separators, dict(joined)
