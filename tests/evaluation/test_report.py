"""What the report says, read back from its markup."""

from dataclasses import replace

import pytest
from PIL import Image

from revisual.data.images import ImageSource
from revisual.evaluation.answers import ScoredAnswer
from revisual.evaluation.judge_model import JudgeShare
from revisual.evaluation.metrics.figures import Counts, Figure, Metrics
from revisual.evaluation.report import MOST_WRONG, wrong_answers

from .pages import FIGURES, METRICS, page, rows_of

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
WRONG = ScoredAnswer("aime24", "60", 0, "<think>Hm</think>8", "stop", "8", "bare/number", 0.0, gold="7", tokens=3)


def test_figures_beside_the_papers():
    found = page()
    (row,) = rows_of(found.all("table")[0])
    assert row == ["aime24", "avg@2", "50.0%±25.0 pp", "53.3%", "8", "16", "3", "4", "2", "1"]
    own = found.all("section")[1].all("table")[0]
    assert rows_of(own) == [["avg@2", "50.0%", "25.0%–75.0%", "", "8"], ["pass@2", "-", "", "", "0"]]


def test_both_rules_stand_side_by_side():
    other = Figure("official_rules/avg@2", 0.625, 8, 0.5, 0.75)
    found = page(metrics=replace(METRICS, figures=(*FIGURES, other)))
    heads = [cell.words for cell in found.all("table")[0].all("th", scope="col")]
    assert heads[2:5] == ["Score", "Official rules", "ReVisual-R1 7Bits paper"]
    assert rows_of(found.all("table")[0])[0][2:4] == ["50.0%±25.0 pp", "62.5%"]
    assert ["official_rules/avg@2", "62.5%", "50.0%–75.0%", "", "8"] in rows_of(found.all("table")[1])


def test_a_benchmark_that_no_paper_reports():
    table = page(metrics=replace(METRICS, benchmark="sums")).all("table")[0]
    assert [cell.words for cell in table.all("th", scope="col")][:4] == ["Benchmark", "Figure", "Score", "Problems"]
    assert "paper" not in page(metrics=replace(METRICS, benchmark="sums")).words


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
