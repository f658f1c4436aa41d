"""What the report says, read back from its markup."""

from dataclasses import replace
from itertools import pairwise

import pytest
from PIL import Image
from report.parsing import parse

from revisual.data.images import ImageSource
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.judge_model import JudgeShare
from revisual.evaluation.metrics.figures import Counts, Figure, Metrics
from revisual.evaluation.report import MOST_WRONG, Measured, evaluation_report, wrong_answers

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
WRONG = ScoredAnswer("aime24", "60", 0, "<think>Hm</think>8", "stop", "8", "bare/number", 0.0, gold="7", tokens=3)
FIGURES = (Figure("level/1", 0.25, 4, 0.0, 0.5), Figure("level/2", 0.75, 4, 0.5, 1.0), Figure("pass@2", None, 0))
METRICS = Metrics("aime24", Figure("avg@2", 0.5, 8, 0.25, 0.75), FIGURES, Counts(8, 16, 1, 2, 3, 4))


def page(*answers, metrics=METRICS, judge=None, pictures=(), settings=None):
    return parse(evaluation_report(settings or {"model": "m"}, [Measured(metrics, answers, judge)], lambda _: pictures))


def test_figures_beside_the_papers():
    row = [cell.words for cell in page().all("table")[0].all("tbody")[0].all("td")]
    assert row == ["avg@2", "50.0%±25.0 pp", "53.3%", "8", "16", "3", "4", "2", "1"]
    rows = page().all("section")[1].all("table")[0].all("tbody")[0].all("tr")
    assert [cell.words for cell in rows[1].all("td")] == ["25.0%±25.0 pp", "4"]
    assert [cell.words for cell in rows[3].all("td")] == ["-", "0"]


def test_a_benchmark_that_no_paper_reports():
    table = page(metrics=replace(METRICS, benchmark="sums")).all("table")[0]
    assert [cell.words for cell in table.all("th", scope="col")][:4] == ["Benchmark", "Figure", "Score", "Problems"]
    assert "paper" not in page(metrics=replace(METRICS, benchmark="sums")).words


def test_charts_show_each_group_with_its_interval():
    charts = page().all("figure", class_="chart")
    assert [chart.all("figcaption")[0].words for chart in charts] == ["Scores", "By level"]
    names = [text.words for text in charts[1].all("text", class_="x")]
    assert names == ["1", "2"]
    dots, bands = charts[1].all("circle", class_="dot"), charts[1].all("path", class_="band")
    assert len(dots) == len(bands) == 2 and not charts[1].all("polyline")
    assert dots[0]["cy"] > dots[1]["cy"]  # 25 % lies lower than 75 %


def test_lengths_of_right_and_wrong_answers():
    right = [replace(WRONG, item_id=str(i), score=1.0, tokens=10 * i) for i in range(1, 4)]
    open_one = replace(WRONG, error="timeout", tokens=1000)
    (chart,) = [c for c in page(*right, WRONG, open_one).all("figure", class_="chart") if "Length" in c.words]
    tips = {tip.words for tip in chart.all("title")}
    right_tips = {"right\ntokens 10: 33.3%", "right\ntokens 20: 66.7%", "right\ntokens 30: 100.0%"}
    assert tips == {*right_tips, "wrong\ntokens 3: 100.0%"}


def test_wrong_answers_are_one_per_question_and_no_failures():
    failed = replace(WRONG, item_id="f", finish_reason="failed", error="request: x")
    open_one = replace(WRONG, item_id="o", error="timeout")
    many = [replace(WRONG, item_id=str(i), sample_index=j) for i in range(50) for j in range(2)]
    shown = wrong_answers([failed, open_one, replace(WRONG, item_id="r", score=1.0), *many])
    assert [(answer.item_id, answer.sample_index) for answer in shown] == [(str(i), 0) for i in range(MOST_WRONG)]


@pytest.mark.parametrize("field", ["question", "response", "gold", "extracted", "item_id", "rule"])
def test_everything_is_escaped(field):
    found = page(replace(WRONG, **{field: HOSTILE}), settings={"model": HOSTILE, HOSTILE: HOSTILE})
    assert not found.all("script") and not found.all("img") and HOSTILE in found.words


def test_hostile_choices_fields_and_judges():
    figures = (Figure(f"{HOSTILE}/1", 0.5, 2), Figure(f"{HOSTILE}/2", 0.5, 2))
    judge = JudgeShare(100, 4, 3, 30, 2)
    found = page(replace(WRONG, choices=[HOSTILE, "B"]), metrics=replace(METRICS, figures=figures), judge=judge)
    assert not found.all("script") and not found.all("img")
    assert "left 4 open, 3 of which a language model decided" in found.words


def test_pictures_are_data_and_missing_ones_are_left_out(tmp_path):
    pictures = [ImageSource(image=Image.new("RGB", (4, 4))), ImageSource(path="gone.png", root=tmp_path)]
    (image,) = page(WRONG, pictures=pictures).all("img")
    assert image.attributes["src"].startswith("data:image/png;base64,")


def test_a_benchmark_without_a_single_verdict():
    empty = Metrics("aime24", Figure("pass@1", None, 0), (), Counts(1, 1, 1, 0, 0, 0))
    assert "Failed" in page(metrics=empty).words


def test_a_chart_of_many_names_has_a_row_of_its_own():
    """Sixteen subjects would be illegible beside another chart; the table below has their whole names."""
    subjects = tuple(Figure(f"subject/transformation geometry {i}", 0.5, 4) for i in range(16))
    found = page(WRONG, metrics=replace(METRICS, figures=(*FIGURES, *subjects)))
    rows = found.all("section")[1].all("div", class_="charts")
    titles = [[chart.all("figcaption")[0].words for chart in row.all("figure", class_="chart")] for row in rows]
    assert titles == [["By level", "Length of answers"], ["By subject"]]
    names = [text.words for text in rows[1].all("text", class_="x")]
    assert names == ["transformatio…"] * 16 and "transformation geometry 15" in found.words
    places = [float(text.attributes["x"]) for text in rows[1].all("text", class_="x")]
    assert min(b - a for a, b in pairwise(places)) > 14 * 6
