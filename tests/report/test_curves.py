import math
import random

import pytest

from revisual.report.curves import as_series, is_noisy, join, joined_charts, line_name, running_mean, stage_charts

from .parsing import parse


def titles(charts):
    return [caption.words for chart in charts for caption in parse(chart).all("figcaption")]


def test_charts_of_a_stage_are_grouped_and_ordered():
    flat = ([0, 1], [0.5, 0.6])
    curves = {
        name: flat for name in ("train/lr", "train/loss", "train/reward", "val/b/accuracy", "val/a/accuracy", "x")
    }
    blocks = stage_charts(curves)
    headings = [node.words for block in blocks for node in parse(block).all("h3")]
    assert headings == ["Train", "Val", "Other"]
    assert titles(blocks) == ["Reward", "Loss", "LR", "Accuracy", "X"]
    assert [entry.words for entry in parse(blocks[3]).all("li")] == ["A", "B"]


def test_empty_curves_are_left_out():
    assert stage_charts({"train/loss": ([], [])}) == []
    assert joined_charts({"a": {"train/reward": ([], [])}, "b": {"train/reward": ([0], [1])}}) == []


def test_shares_are_percentages_unless_they_are_none():
    def tick(values):
        return parse(stage_charts({"kept_fraction": ([0, 1], values)})[1]).all("text", class_="y")[0].words

    assert tick([0.0, 1.0]).endswith("%") and not tick([0.0, 30.0]).endswith("%")


def test_running_mean():
    assert running_mean([1.0, 2.0, 6.0], reach=1) == [1.5, 3.0, 4.0]
    means = running_mean([1.0, math.nan, 3.0, 5.0], reach=3)
    assert [means[0], *means[2:]] == [1.0, 4.0, 4.0] and math.isnan(means[1])
    assert running_mean([], reach=2) == []
    noise = random.Random(0)
    values = [noise.gauss(1e3, 1.0) for _ in range(50_000)]
    means = running_mean(values, reach=1250)
    for place in (0, 7, 1250, 30_000, 49_999):
        window = values[max(0, place - 1250) : place + 1251]
        assert means[place] == pytest.approx(math.fsum(window) / len(window), rel=1e-12)


def test_only_long_noisy_curves_are_smoothed():
    noisy = [float(i % 2) for i in range(100)]
    level = [0.5] * 100
    assert is_noisy(noisy) and not is_noisy(level) and not is_noisy([]) and not is_noisy(range(50))
    assert [one.faint for one in as_series("a", (range(100), noisy), 0)] == [False, True]
    assert len(as_series("a", (range(10), noisy[:10]), 0)) == 1
    assert len(as_series("a", (range(100), level), 0)) == 1


def test_stages_are_joined_with_a_gap():
    separators, joined = join({"a": {"r": ([0, 5], [1, 2])}, "b": {"r": ([1, 4], [3, 4])}, "c": {"r": ([2], [5])}})
    assert separators == [(0.0, "A"), (5.0, "B"), (9.0, "C")]
    xs, ys = joined["r"]
    assert xs == [0, 5, 5, 6, 9, 9, 11]
    assert ys == pytest.approx([1, 2, math.nan, 3, 4, math.nan, 5], nan_ok=True)


def test_only_what_is_comparable_and_shared_is_joined():
    curve = ([0, 10], [0.1, 0.2])
    kept = {"advantage/kept_fraction": curve, "advantage/kept_fraction_group_accuracy_0.5_to_1": curve}
    first = {"train/loss": curve, "train/reward": curve, "val/accuracy": curve, **kept}
    second = {"train/loss": curve, "train/reward": curve, "train/entropy": curve, **kept}
    charts = joined_charts({"one": first, "two": second})
    assert titles(charts) == ["Reward, train", "Kept fraction, advantage"]
    assert [text.words for text in parse(charts[0]).all("text", class_="stage")] == ["One", "Two"]


def test_line_names():
    assert line_name("val/greedy/shapes/accuracy") == "Greedy shapes"
    assert line_name("train/response_length") == "Response length"
