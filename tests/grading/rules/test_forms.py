"""Forms in which right answers are written: other languages, LaTeX environments, Markdown, styles, units, lists."""

import json
from pathlib import Path

import pytest

from revisual.grading.response import Question, judge
from revisual.grading.rules.number_words import read_number_words
from revisual.grading.rules.typography import prepare, strip_markdown
from revisual.grading.rules.unit_phrases import rewrite_units

ROWS = [json.loads(line) for line in Path(__file__).with_name("forms.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['kind']}: {row['response']!r}, {row['answer']!r}" for row in ROWS])
def test_form(row):
    grade = judge(row["response"], row["answer"], Question(row.get("question", "")))
    assert (grade.score == 1.0, grade.error) == (row["right"], None)


@pytest.mark.parametrize("row", [row for row in ROWS if row["right"]], ids=lambda row: f"{row['response']!r}")
def test_a_right_form_answers_no_other_question(row):
    assert judge(row["response"], "98765").score == 0.0


SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_words(number):
    """An independent spelling of the numbers below a million."""
    if number < 20:
        return SMALL[number]
    if number < 100:
        return TENS[number // 10] + (f"-{SMALL[number % 10]}" if number % 10 else "")
    if number < 1000:
        rest = f" and {in_words(number % 100)}" if number % 100 else ""
        return f"{SMALL[number // 100]} hundred{rest}"
    rest = f" {in_words(number % 1000)}" if number % 1000 else ""
    return f"{in_words(number // 1000)} thousand{rest}"


def test_numbers_in_words():
    for number in [*range(1200), *range(1200, 999_999, 997)]:
        assert read_number_words(in_words(number)) == str(number)
        assert read_number_words(f"negative {in_words(number)}") == f"-{number}"


@pytest.mark.parametrize("text", ["one of them", "two or three", "east", "no one", "ten to one", "", "and", "hundred"])
def test_words_that_are_no_numbers(text):
    assert read_number_words(text) is None


@pytest.mark.parametrize("text", ["x^2+1", "5", r"\frac{m}{s}", "a/b", "2x/y", "the bus", "3m + 2s", "n! / k!"])
def test_formulas_are_no_units(text):
    assert rewrite_units(text) == text


def test_long_runs_take_linear_time():
    for unit in ("\\color{", "【", "> ", "(i) ", "```\n", "**", "5 m/"):
        text = unit * (300_000 // len(unit))
        assert isinstance(strip_markdown(prepare(text)), str)
