"""A small part of `benchmarks/reward_adversary.py`: policies that solve nothing, on questions of every kind."""

import json
from pathlib import Path

import pytest

from revisual.data.sample import Sample
from revisual.grading.requirements import REWARDS
from revisual.grading.response import Question, judge
from revisual.rewards.adversary import ADVERSARIES, chance, list_attempts

DATA = Path(__file__).parents[3] / "shared/data"
QUESTIONS = [
    Sample("sum", "What is 668 + 980 - 715?", "933", extra={"solution": "1648 - 715 = <<1648-715=933>>933"}),
    Sample("power", "What is $2^{10}$?", "1024"),
    Sample("fractions", r"Compute $\frac{3}{4} + \frac{1}{6}$.", r"\frac{11}{12}"),
    Sample("surd", r"Simplify $\sqrt{50}+\sqrt{8}$.", r"7\sqrt{2}"),
    Sample("expand", "Expand $(x+1)(x+2)$.", "x^2+3x+2"),
    Sample("factor", "Factor $x^2-1$ completely.", "(x-1)(x+1)"),
    Sample("solve", "Solve $2x + 3 = 13$.", "x=5"),
    Sample("line", "Write $2x-y=-3$ in slope-intercept form.", "y=2x+3"),
    Sample("decimal", r"Write $\frac{3}{4}$ as a decimal.", "0.75"),
    Sample("sides", "Choose.\nA:50°\nB:40°\nC:140°", "C"),
    Sample("listed", "Is it planar? choice: (A) Yes (B) No", "B"),
    Sample("signs", "Which sign? Choices: (A) + (B) - (C) * (D) /", "A"),
    Sample("choices", "Which is the largest?", "97", choices=["97", "180", "12"]),
]


def paid(adversary, samples):
    """Of each question that a policy is paid for, its id and the response."""
    found = {}
    for sample, response in list_attempts(adversary, samples):
        question = Question(sample.question, tuple(sample.choices or ()), truncated=False)
        if judge(response, sample.answer, question, requirements=REWARDS).score == 1.0:
            found.setdefault(sample.id, response)
    return found


def beyond_chance(adversary, samples):
    by_id = {sample.id: sample for sample in samples}
    return {id: text for id, text in paid(adversary, samples).items() if chance(adversary, by_id[id]) == 0}


@pytest.mark.parametrize("adversary", ADVERSARIES, ids=lambda one: one.name)
def test_nothing_is_paid_beyond_chance(adversary):
    assert beyond_chance(adversary, QUESTIONS) == {}


def test_the_policies_would_be_paid_by_the_value_alone():
    names = set()
    for adversary in ADVERSARIES:
        for sample, response in list_attempts(adversary, QUESTIONS):
            if judge(response, sample.answer, Question(sample.question)).score == 1.0:
                names.add((adversary.name, sample.id))
    assert {("last expression, in a box", id) for id in ("sum", "power", "surd", "expand", "line")} <= names
    assert ("half of the work", "sum") in names and ("echo: the question", "sum") in names


def test_chance_of_a_guess_and_of_a_number_that_stands_there():
    first = next(one for one in ADVERSARIES if one.name == "the first option")
    number = next(one for one in ADVERSARIES if one.name == "each number of the question")
    assert chance(first, QUESTIONS[-3]) == 0.5 and chance(first, QUESTIONS[-1]) == pytest.approx(1 / 3)
    assert chance(number, QUESTIONS[0]) == 0.0
    assert chance(number, Sample("seen", "Of 12 eggs none broke. How many are left?", "12")) == 1.0


@pytest.mark.parametrize("name", ["gsm8k/train.jsonl", "math_train/train.jsonl", "math500/test.jsonl"])
def test_on_real_questions(name):
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is absent")
    with (DATA / name).open() as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(100), strict=False)]
    samples = [Sample(row["id"], row["question"], row["answer"], extra=row["extra"]) for row in rows]
    for adversary in ADVERSARIES:
        if not adversary.guesses_option and adversary.name != "rewritten gold answer":
            assert beyond_chance(adversary, samples) == {}, adversary.name
