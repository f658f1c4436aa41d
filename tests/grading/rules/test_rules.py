"""What each type of answer accepts and refuses, bare and in a box."""

import builtins

import pytest

from revisual.grading.grade import Grade
from revisual.grading.response import Question, equal, judge

from .pairs import RIGHT, WRONG


def flat(pairs):
    return [pytest.param(*pair, id=f"{kind}: {pair}") for kind, rows in pairs.items() for pair in rows]


@pytest.mark.parametrize("response", ["{}", r"<think>\boxed{{0}}?</think> So \boxed{{{}}}."])
@pytest.mark.parametrize(("gold", "answer"), flat(RIGHT))
def test_right(response, gold, answer):
    grade = judge(response.format(answer), gold)
    assert (grade.score, grade.error) == (1.0, None)


@pytest.mark.parametrize("response", ["{}", r"<think>\boxed{{0}}?</think> So \boxed{{{}}}."])
@pytest.mark.parametrize(("gold", "answer"), flat(WRONG))
def test_wrong(response, gold, answer):
    assert judge(response.format(answer), gold).score == 0.0


@pytest.mark.parametrize("gold", [gold for rows in RIGHT.values() for gold, _ in rows])
def test_a_gold_accepts_itself(gold):
    assert judge(rf"\boxed{{{gold}}}", gold).score == 1.0


def test_percent_is_optional_where_the_question_asks_for_it():
    question = Question("What percent of them are red?")
    assert judge(r"\boxed{25\%}", "25", question).score == 1.0
    assert judge(r"\boxed{25\%}", "25").score == 0.0
    assert judge(r"\boxed{2500}", "25", question).score == 0.0


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("0.5", r"\frac{1}{2}", True),
        ("1,2", "2, 1", True),
        ("x=5", "5", True),
        ("0.33", r"\frac{1}{3}", False),
        ("3.14", r"\pi", False),
        ("5 cm", "50 mm", True),
        ("A", "B", False),
        ("", "", False),
        ("9^9^9^9", "1", False),
    ],
)
def test_votes_are_symmetric(a, b, same):
    assert equal(a, b) is equal(b, a) is same


def test_the_rule_that_fired_is_named():
    assert judge(r"It is \boxed{\frac12}.", "0.5") == Grade(1.0, r"\frac12", "boxed/number")
    assert judge("The answer is 7 or 8.", "7").rule == "sentence/hedge"
    assert judge("The answer is (B).", "B").rule == "sentence/choice"
    assert judge("<answer>east</answer>", "East").rule == "tag/words"
    assert judge("<think>42", "42") == Grade(0.0, "", "none")


@pytest.mark.parametrize("gold", ["", "  ", "\n"])
def test_an_empty_gold_is_no_wrong_answer(gold):
    assert judge(r"\boxed{1}", gold).error == "unparsable_gold"


def test_costs_of_the_gold_are_an_error_and_costs_of_the_answer_are_not():
    assert judge(r"\boxed{5}", "9^{9^{9^9}}").error == "too_costly"
    assert judge(r"\boxed{9^{9^{9^9}}}", "5") == Grade(0.0, "9^{9^{9^9}}", "boxed/number")
    assert judge("x" * 1_000_001, "5").error == "too_long"


def test_nothing_reaches_eval(monkeypatch):
    def forbidden(*arguments):
        raise AssertionError(arguments)

    for name in ("eval", "exec"):
        monkeypatch.setattr(builtins, name, forbidden)
    for answer in ("__import__('os').system('touch pwned')", "(lambda:1)()", "2**10**10", r"\text{eval}(1)"):
        assert judge(rf"\boxed{{{answer}}}", "1").score == judge(answer, "1").score == 0.0
