"""Forms in which right answers are written: other languages, LaTeX environments, Markdown, styles, units, lists."""

import json
from pathlib import Path

import pytest

from revisual.grading.response import Question, judge
from revisual.grading.rules.typography import prepare, strip_markdown

ROWS = [json.loads(line) for line in Path(__file__).with_name("forms.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['kind']}: {row['response']!r}, {row['answer']!r}" for row in ROWS])
def test_form(row):
    grade = judge(row["response"], row["answer"], Question(row.get("question", "")))
    assert (grade.score == 1.0, grade.error) == (row["right"], None)


@pytest.mark.parametrize("row", [row for row in ROWS if row["right"]], ids=lambda row: f"{row['response']!r}")
def test_a_right_form_answers_no_other_question(row):
    assert judge(row["response"], "98765").score == 0.0


def test_long_runs_take_linear_time():
    for unit in ("\\color{", "【", "> ", "(i) ", "```\n", "**", "5 m/"):
        text = unit * (300_000 // len(unit))
        assert isinstance(strip_markdown(prepare(text)), str)
