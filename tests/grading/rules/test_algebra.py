"""What computer algebra adds to the fast rules, and what it may cost."""

import builtins
import json
import signal
import time
from pathlib import Path

import pytest
import sympy.parsing.latex
import sympy.parsing.sympy_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader
from revisual.grading.requests import warm_up
from revisual.grading.response import judge
from revisual.grading.rules.algebra.convert import to_sympy
from revisual.grading.rules.algebra.limits import OutOfTime, limit_time
from revisual.grading.rules.algebra.points import agree_everywhere
from revisual.grading.rules.conventions import Conventions
from revisual.grading.rules.fields import Unsupported
from revisual.grading.rules.reading import read

ROWS = [json.loads(line) for line in Path(__file__).with_name("algebra.jsonl").read_text().splitlines()]
"""Gold answers and answers, and whether these are right."""
COSTLY = ["x^{7^{10^6}}", "200000! x", r"x^{200000!}", r"\binom{10^6}{5} x", "(x+1)^{10^9}", r"\sum_{k=1}^{n} k^{10^9}"]
GOLDS = ["xy=6", "|x|", r"\mathbb{R}\setminus\{1\}"]
HARD = [
    r"\sum_{k=1}^{n} \frac{\sin k}{k^3+1}",
    "x^{30} y^{30} + x + y = 1",
    r"\sin(\sin(\sin(\sin x))) = y",
    "x^4+x^3y+xy+y^4=7",
]


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


@pytest.mark.parametrize("formula", COSTLY)
def test_large_powers_and_factorials_are_refused_before_they_are_built(formula):
    began = time.process_time()
    with pytest.raises((Unsupported, AttributeError)):
        to_sympy(read(formula).tree).doit()
    judge(rf"\boxed{{{formula}}}", "xy=6")
    judge(r"\boxed{6/x}", formula)
    assert time.process_time() - began < 5  # minutes, where they are built


def test_hard_algebra_is_a_refusal_within_the_deadline():
    grader = AnswerGrader()
    responses = [rf"\boxed{{{answer}}}" for answer in (*HARD, *COSTLY)]
    for gold in ("xy=6", "x^5+xy+y^5=1", r"(0,2)\cup(2,5)"):
        samples = [Sample(id=str(number), answer=gold) for number in range(len(responses))]
        assert [(grade.score, grade.error) for grade in grader.grade_all(responses, samples)] == [(0.0, None)] * len(
            samples
        )


def test_the_share_of_the_deadline_ends_what_takes_longer():
    def never_ends():
        while True:
            pass

    signal.setitimer(signal.ITIMER_PROF, 60)
    try:
        handler = signal.getsignal(signal.SIGVTALRM)
        with pytest.raises(OutOfTime), limit_time():
            never_ends()
        assert signal.getsignal(signal.SIGVTALRM) == handler
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(-9, 9), st.integers(1, 9), st.integers(-9, 9), st.integers(-50, -12))
def test_formulas_with_letters_differ_from_their_neighbors(a, b, c, tiny):
    formula = rf"{a} x^2 + {b} x \cdot |x| + {c} + \arctan x"
    same = rf"\arctan x + x({a} x + {b} \sqrt{{x^2}}) + {c}"
    assert judge(rf"\boxed{{{same}}}", formula).score == 1.0
    for other in (rf"{same} + 10^{{{tiny}}}", same.replace(r"\sqrt{x^2}", "x"), rf"-({same})", rf"2({same})"):
        assert judge(rf"\boxed{{{other}}}", formula).score == 0.0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(-9, 9), st.integers(1, 5))
def test_lines_solved_for_the_other_letter(a, b, c, other):
    gold = f"{a}x + {b}y = {c}"
    assert judge(rf"\boxed{{x = \frac{{{c} - {b}y}}{{{a}}}}}", gold).score == 1.0
    assert judge(rf"\boxed{{\frac{{{c} - {a}x}}{{{b}}}}}", gold).score == 1.0
    assert judge(rf"\boxed{{x = \frac{{{c + other} - {b}y}}{{{a}}}}}", gold).score == 0.0
    assert judge(rf"\boxed{{x = \frac{{{c} - {b}y}}{{{a + other}}}}}", gold).score == 0.0 or c == 0 == b


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 11), st.integers(1, 4), st.integers(-3, 3), st.integers(1, 11))
def test_families_of_angles(start, step, shift, other):
    gold = rf"\frac{{{start}\pi}}{{12}} + {step} n \pi"
    assert judge(rf"\boxed{{\frac{{{start + 12 * step * shift}\pi}}{{12}} + {step} k \pi}}", gold).score == 1.0
    assert judge(rf"\boxed{{\frac{{{start + other}\pi}}{{12}} + {step} k \pi}}", gold).score == 0.0
    assert judge(rf"\boxed{{\frac{{{start}\pi}}{{12}} + {2 * step} k \pi}}", gold).score == 0.0


@settings(max_examples=60, deadline=None)
@given(
    st.text(r"xyn0123456789.,+-*/^_=<>()[]{}|\ ", max_size=30),
    st.sampled_from(["xy=6", "|x|", r"\mathbb{R}\setminus\{1\}"]),
)
def test_any_answer_to_a_gold_with_letters_gets_a_grade(text, gold):
    assert judge(rf"\boxed{{{text}}}", gold).error is None


def test_fewer_points_than_needed_are_a_refusal():
    assert not agree_everywhere(read(r"\sqrt{-x^2}").tree, read(r"2\sqrt{-x^2}").tree)
    assert not agree_everywhere(read("x").tree, read("y").tree)
