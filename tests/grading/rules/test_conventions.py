"""Each convention is a switch: what its default says, and what the other position says."""

from dataclasses import fields

import pytest

from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader
from revisual.grading.response import Question, equal, judge
from revisual.grading.rules.conventions import DEFAULT, Context, Conventions, list_changes

ROWS = [  # the switch, a gold answer, an answer, the question, and whether it is right by default; the other way if not
    ("percent_as_number", r"25\%", "25", "", True),
    ("number_as_percent", "25", r"25\%", "", False),
    ("unit_may_be_missing", "5 cm", "5", "", True),
    ("unit_may_be_added", "5", "5 cm", "", True),
    ("whole_floats_are_exact", "12.0", "12.04", "", False),
    ("round_golds", "3.14", r"\pi", "", True),
    ("truncate_golds", "0.666", r"\frac{2}{3}", "", True),
    ("list_order_matters", "1, 2, 3", "3, 2, 1", "", True),
    ("sets_by_question", "2, 3, 5", "[5, 3, 2]", "Find all prime factors of 30.", True),
    ("options_by_value", "B", r"4", "Which? (A) 2 (B) 4", True),
    ("algebra", "xy=6", r"\frac{6}{x}", "", True),
]


@pytest.mark.parametrize(("name", "gold", "answer", "question", "default"), ROWS, ids=[row[0] for row in ROWS])
def test_a_switch_decides(name, gold, answer, question, default):
    other = Conventions(**{name: not getattr(DEFAULT, name)})
    asked, response = Question(question), rf"\boxed{{{answer}}}"
    assert (judge(response, gold, asked).score == 1.0) is default
    assert (judge(response, gold, asked, conventions=other).score == 1.0) is not default
    sample = Sample(id="1", question=question, answer=gold)
    assert (AnswerGrader(conventions=other)(response, gold, sample).score == 1.0) is not default


def test_every_switch_has_a_row():
    assert [row[0] for row in ROWS] == [field.name for field in fields(Conventions)]


@pytest.mark.parametrize("name", [field.name for field in fields(Conventions)])
def test_no_switch_loses_or_gains_what_is_plain(name):
    other = Conventions(**{name: not getattr(DEFAULT, name)})
    for gold, answer in (
        ("12", "12.0"),
        ("1/2", "0.5"),
        ("5 cm", "50 mm"),
        (r"25\%", "0.25"),
        ("1, 2", "1, 2"),
        ("B", "B"),
    ):
        assert judge(rf"\boxed{{{answer}}}", gold, conventions=other).score == 1.0
    for gold, answer in (
        ("12", "13"),
        ("1/2", "0.6"),
        ("5 cm", "5 m"),
        (r"25\%", r"26\%"),
        ("1, 2", "1, 3"),
        ("B", "C"),
    ):
        assert judge(rf"\boxed{{{answer}}}", gold, conventions=other).score == 0.0


def test_votes_follow_the_conventions():
    assert equal("1, 2, 3", "3, 2, 1")
    assert not equal("1, 2, 3", "3, 2, 1", conventions=Conventions(list_order_matters=True))


def test_the_question_says_what_is_asked():
    assert Context.of("What percentage is red?").percent_is_optional
    assert Context.of("Find all real solutions.").asks_set
    assert not Context.of("Find the ordered pair.").asks_set
    assert not Context.of("Find all roots.", Conventions(sets_by_question=False)).asks_set


def test_only_changed_switches_travel_to_the_workers():
    assert list_changes(DEFAULT) == ()
    assert list_changes(Conventions(algebra=False, list_order_matters=True)) == (
        ("list_order_matters", True),
        ("algebra", False),
    )
