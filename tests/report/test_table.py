import math

import pytest

from revisual.report.formats import PERCENT
from revisual.report.html import element
from revisual.report.table import Column, Estimate, table

from .parsing import parse

ACCURACY = Column("Accuracy", note="greedy", format=PERCENT, best="max")


def cells(made):
    return [[*row.all("th"), *row.all("td")] for row in parse(made).all("tbody")[0].all("tr")]


def test_numbers_are_aligned_and_words_are_not():
    made = table(["Model", ACCURACY, "Note"], [["a", 0.5, "x"], ["b", None, None]], caption="All of <it>")
    tree = parse(made)
    assert ["number" in head.attributes.get("class", "") for head in tree.all("thead")[0].all("th")] == [
        False,
        True,
        False,
    ]
    assert [[cell.words for cell in row] for row in cells(made)] == [["a", "50.0%", "x"], ["b", "-", "-"]]
    assert tree.all("figcaption")[0].words == "All of <it>"
    assert [row[0].tag for row in cells(made)] == ["th", "th"]


@pytest.mark.parametrize(
    ("best", "values", "marked"),
    [
        ("max", [0.1, 0.3, 0.2], [1]),
        ("min", [0.1, 0.3, None], [0]),
        ("max", [0.3, 0.30001, 0.2], [0, 1]),
        ("max", [0.5, 0.5], []),
        ("max", [math.nan, 0.5, math.inf], []),
        ("max", [None], []),
        (None, [0.1, 0.2], []),
    ],
)
def test_best(best, values, marked):
    made = table(["Model", Column("A", format=PERCENT, best=best)], [["m", value] for value in values])
    assert [i for i, row in enumerate(cells(made)) if "best" in row[1].attributes.get("class", "")] == marked


def test_an_estimate_shows_its_change_and_interval():
    rows = [
        ["a", Estimate(0.5, 0.4, 0.6, change=0.1)],
        ["b", Estimate(0.4, 0.3, 0.6, change=-0.1)],
        ["c", Estimate(None)],
    ]
    shown = [row[1] for row in cells(table(["Model", ACCURACY], rows))]
    assert [[part.words for part in cell.all("small")] for cell in shown[:2]] == [
        ["+10.0 pp", "±10.0 pp"],
        ["−10.0 pp", "30.0%–60.0%"],
    ]
    assert shown[0].all("small", class_="gain") and shown[1].all("small", class_="loss")
    assert shown[2].words == "-"


def test_less_is_a_gain_where_the_least_is_best_and_nothing_where_none_is():
    rows = [["a", Estimate(2.0, change=-1.0), Estimate(2.0, change=-1.0)]]
    first, second = cells(table(["Model", Column("Loss", best="min"), "Length"], rows))[0][1:]
    assert first.all("small", class_="gain")
    assert second.all("small")[0].attributes["class"] == "change"


def test_elements_stay_and_strings_are_text():
    row = cells(table(["A", "B"], [["<b>x</b>", element("b", "y")]]))[0]
    assert row[0].words == "<b>x</b>" and not row[0].all("b")
    assert row[1].all("b")[0].words == "y"


def test_an_empty_table_and_a_ragged_one():
    assert cells(table(["A", "B"], [])) == []
    with pytest.raises(ValueError, match="row 1 has 1 cells under 2"):
        table(["A", "B"], [["a", 1], ["b"]])
