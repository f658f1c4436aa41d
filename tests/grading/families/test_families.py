"""Families of answers of other kinds than those that the rules were written by."""

import json
from collections import Counter
from pathlib import Path

import pytest

from revisual.grading.response import Question, judge

LINES = Path(__file__).with_name("families.jsonl").read_text(encoding="utf-8").splitlines()
ROWS = [row for row in map(json.loads, LINES) if "doubt" not in row]


def is_agreed(row):
    return (judge(row["response"], row["answer"], Question(row["question"])).score == 1.0) == row["right"]


@pytest.mark.parametrize(("half", "at_least"), [("open", 0.96), ("put away", 0.75)])
def test_families_are_judged_as_labeled(half, at_least):
    rows = [row for row in ROWS if row["half"] == half]
    agreed = sum(map(is_agreed, rows))
    print(f"{half}: {agreed} of {len(rows)}")
    assert agreed >= at_least * len(rows)


def test_no_wrong_answer_of_the_open_half_is_paid():
    wrong = [row for row in ROWS if row["half"] == "open" and not row["right"]]
    assert [row for row in wrong if not is_agreed(row)] == []


def test_the_halves_are_of_the_same_size():
    families = {row["family"]: row["half"] for row in map(json.loads, LINES)}
    assert Counter(families.values()) == {"open": 10, "put away": 10}
