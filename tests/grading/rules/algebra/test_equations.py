"""Equations solved for one of their letters."""

from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import judge


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(-9, 9), st.integers(1, 5))
def test_lines_solved_for_the_other_letter(a, b, c, other):
    gold = f"{a}x + {b}y = {c}"
    assert judge(rf"\boxed{{x = \frac{{{c} - {b}y}}{{{a}}}}}", gold).score == 1.0
    assert judge(rf"\boxed{{\frac{{{c} - {a}x}}{{{b}}}}}", gold).score == 1.0
    assert judge(rf"\boxed{{x = \frac{{{c + other} - {b}y}}{{{a}}}}}", gold).score == 0.0
    assert judge(rf"\boxed{{x = \frac{{{c} - {b}y}}{{{a + other}}}}}", gold).score == 0.0 or c == 0 == b
