"""What computer algebra adds to the fast rules, and what it may cost."""

import builtins
import json
from pathlib import Path

import pytest
import sympy.parsing.latex
import sympy.parsing.sympy_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.requests import warm_up
from revisual.grading.response import judge
from revisual.grading.rules.conventions import Conventions

ROWS = [json.loads(line) for line in Path(__file__).with_name("algebra.jsonl").read_text().splitlines()]
"""Gold answers and answers, and whether these are right."""


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['answer']}, {row['given']}" for row in ROWS])
def test_equal_by_algebra(row):
    grade = judge(rf"\boxed{{{row['given']}}}", row["answer"])
    assert (grade.score == 1.0, grade.error) == (row["right"], None)


def test_the_verdict_says_that_algebra_decided():
    assert judge(r"\boxed{\frac{6}{x}}", "xy=6").rule == "boxed/algebra"
    assert judge(r"\boxed{y = 6/x}", "y = 6/x").rule == "boxed/text"
    assert judge(r"\boxed{7}", "6").rule == "boxed/number"
    without = Conventions(algebra=False)
    assert judge(r"\boxed{\frac{6}{x}}", "xy=6", conventions=without).score == 0.0


def test_numbers_never_get_to_algebra(monkeypatch):
    def forbidden(*arguments):
        raise AssertionError(arguments)

    monkeypatch.setattr("revisual.grading.rules.deciding.equal_by_algebra", forbidden)
    for gold, answer in (("2", "3"), (r"\sqrt{2}", "1.4"), ("1, 2", "1, 3"), ("(1,2)", "(1,3)"), ("east", "x")):
        assert judge(rf"\boxed{{{answer}}}", gold).error is None


def test_no_text_reaches_a_parser_or_eval(monkeypatch):
    warm_up()

    def forbidden(*arguments, **named):
        raise AssertionError(arguments)

    monkeypatch.setattr(sympy.parsing.sympy_parser, "parse_expr", forbidden)
    monkeypatch.setattr(sympy.parsing.sympy_parser, "eval_expr", forbidden)
    monkeypatch.setattr(sympy.parsing.latex, "parse_latex", forbidden)
    for name in ("eval", "exec"):
        monkeypatch.setattr(builtins, name, forbidden)
    for gold, answer in (("xy=6", "6/x"), ("x^2=4y", r"\pm2\sqrt{y}"), (r"(0,2)\cup(2,5)", r"(0,5)\setminus\{2\}")):
        assert judge(rf"\boxed{{{answer}}}", gold).rule == "boxed/algebra"
    judge(r"\boxed{__import__('os').system('x') = y}", "xy=6")


@settings(max_examples=60, deadline=None)
@given(
    st.text(r"xyn0123456789.,+-*/^_=<>()[]{}|\ ", max_size=30),
    st.sampled_from(["xy=6", "|x|", r"\mathbb{R}\setminus\{1\}"]),
)
def test_any_answer_to_a_gold_with_letters_gets_a_grade(text, gold):
    assert judge(rf"\boxed{{{text}}}", gold).error is None
