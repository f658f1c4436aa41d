import math

import pytest

from revisual.core.errors import UserError
from revisual.report.stages import (
    Measure,
    Stage,
    accuracies,
    detail_table,
    estimates,
    headline_table,
    read_stages,
    with_bounds,
)
from revisual.report.table import Estimate

from .parsing import parse

KEY = "test/sampled/shapes/accuracy"


def test_reading():
    entry = {
        "name": "base",
        "before": {KEY: 0.5, "a": None, "b": math.nan, "c": "x", "d": True},
        "seconds": 3,
        "tokens": None,
    }
    assert read_stages({"stages": [entry]}) == [Stage("base", {KEY: 0.5}, {}, {"seconds": 3}, "")]
    with pytest.raises(UserError, match="no list"):
        read_stages({})
    with pytest.raises(UserError, match=r"stage 0 .* no name"):
        read_stages({"stages": [{"before": {}}]})


def test_parts_of_a_key():
    assert Measure.of(KEY) == Measure(KEY, "test/sampled", "shapes", "accuracy")
    assert Measure.of("accuracy") == Measure("accuracy", "", "all", "accuracy")


def test_changes_are_from_the_stage_before():
    stages = [
        Stage("base", before={KEY: 0.25}),
        Stage("one", before={KEY: 0.25}, after={KEY: 0.5, KEY + "_low": 0.4, KEY + "_high": 0.6}),
        Stage("failed", before={KEY: 0.5}),
        Stage("two", before={KEY: 0.5}, after={KEY: 0.375}),
    ]
    assert estimates(stages, KEY) == [
        Estimate(0.25),
        Estimate(0.5, 0.4, 0.6, 0.25),
        Estimate(None),
        Estimate(0.375, change=-0.125),
    ]


def test_sources_are_those_of_the_keys():
    keys = [
        "test/greedy/maps/accuracy",
        "test/greedy/all/accuracy",
        "test/greedy/maps/accuracy_low",
        "test/greedy/maps/reward",
    ]
    assert [one.source for one in accuracies([Stage("a", after=dict.fromkeys(keys, 0.5))])] == ["maps"]
    assert [one.source for one in accuracies([Stage("a", after={keys[1]: 0.5})])] == ["all"]


def test_headline_table():
    values = {"test/greedy/maps/accuracy": 0.5, "test/greedy/all/format": 0.9, "test/sampled/maps/accuracy": 0.4}
    stages = [
        Stage("base", after=values, costs={"seconds": 10.0}),
        Stage("text_rl", after=dict.fromkeys(values, 0.6), costs={"seconds": 90.0, "tokens": 1200}, status="<done>"),
    ]
    tree = parse(headline_table(stages))
    heads = [head.words for head in tree.all("thead")[0].all("th")]
    assert heads == ["Stage", "Mapsgreedy", "Mapssampled", "Formatgreedy", "Time", "Tokens"]
    rows = [[cell.words for cell in [*row.all("th"), *row.all("td")]] for row in tree.all("tbody")[0].all("tr")]
    assert rows[0] == ["Base", "50.0%", "40.0%", "90.0%", "10.0 s", "-"]
    assert rows[1] == ["Text RL<done>", "60.0%+10.0 pp", "60.0%+20.0 pp", "60.0%−30.0 pp", "1 min 30 s", "1.2 k"]


def test_every_measure_is_in_the_details():
    stages = [Stage("a", after={"test/x/loss": 2.5, KEY: 0.5}), Stage("b", after={"test/x/loss": 2.0})]
    rows = parse(detail_table(stages)).all("tbody")[0].all("tr")
    shown = [[cell.words for cell in [*row.all("th"), *row.all("td")]] for row in rows]
    assert shown == [["test/x/loss", "2.5", "2 (−0.5)"], [KEY, "50.0%", "-"]]


def test_shares_of_questions_get_wilsons_bounds():
    scores = {
        KEY: 0.25,
        "test/sampled/all/format": 1.0,
        "test/sampled/shapes/length": 0.5,
        "test/greedy/bars/accuracy": 0,
    }
    found = with_bounds(scores, {"shapes": 4, "all": 24})
    # 1 of 4 lies between 4.6 % and 69.9 %, and 24 of 24 above 86.2 %: textbooks' values of Wilson's score
    assert found == scores | {
        f"{KEY}_low": pytest.approx(0.0456, abs=5e-5),
        f"{KEY}_high": pytest.approx(0.6994, abs=5e-5),
        "test/sampled/all/format_low": pytest.approx(0.8620, abs=5e-5),
        "test/sampled/all/format_high": 1.0,
    }
    (one,) = estimates([Stage("base", after=found)], KEY)
    assert (one.low, one.high) == (found[f"{KEY}_low"], found[f"{KEY}_high"])
