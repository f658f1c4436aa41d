"""Algebra ends within its time."""

import signal

import pytest

from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader
from revisual.grading.rules.algebra.limits import OutOfTime, limit_time

COSTLY = ["x^{7^{10^6}}", "200000! x", r"x^{200000!}", r"\binom{10^6}{5} x", "(x+1)^{10^9}", r"\sum_{k=1}^{n} k^{10^9}"]

HARD = [
    r"\sum_{k=1}^{n} \frac{\sin k}{k^3+1}",
    "x^{30} y^{30} + x + y = 1",
    r"\sin(\sin(\sin(\sin x))) = y",
    "x^4+x^3y+xy+y^4=7",
]


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
