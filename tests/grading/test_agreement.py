"""Agreement with labeled answers, where the checkout has them beside it."""

import json
from pathlib import Path

import pytest

from revisual.grading.grader import AnswerGrader

SHARED = Path(__file__).parents[3] / "shared"
GRADER = AnswerGrader()


def read(path):
    if not path.exists():
        pytest.skip(f"no labeled answers: {path} is absent")
    with path.open() as lines:
        return [json.loads(line) for line in lines]


def response(case):
    """A case of form "bare" is an answer by itself, the others are responses."""
    return case["pred"] if case["form"] == "text" else rf"\boxed{{{case['pred']}}}"


@pytest.mark.parametrize(("name", "at_least"), [("cases.jsonl", 0.77), ("golds.jsonl", 0.99), ("hostile.jsonl", 0.82)])
def test_agreement(name, at_least):
    cases = read(SHARED / "grading" / name)
    agreed = [(GRADER(response(case), case["gold"]).score == 1.0) == case["expected"] for case in cases]
    share = sum(agreed) / len(agreed)
    print(f"{name}: {sum(agreed)} of {len(agreed)} = {share:.1%}")
    assert share >= at_least


def test_hostile_answers_are_never_paid():
    cases = read(SHARED / "grading" / "hostile.jsonl")
    assert [c["source"] for c in cases if not c["expected"] and GRADER(response(c), c["gold"]).score != 0.0] == []


@pytest.mark.parametrize("name", ["gsm8k/test.jsonl", "math500/test.jsonl"])
def test_golds_accept_themselves(name):
    golds = [row["answer"] for row in read(SHARED / "data" / name)]
    accepted = sum(GRADER(rf"\boxed{{{gold}}}", gold).score == 1.0 for gold in golds)
    print(f"{name}: {accepted} of {len(golds)}")
    assert accepted >= 0.98 * len(golds)
