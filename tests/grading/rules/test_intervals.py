"""Intervals equal inequalities."""

from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import judge

QUICK = settings(max_examples=60, deadline=None)


def right(answer, gold):
    return judge(rf"\boxed{{{answer}}}", gold).score == 1.0


@QUICK
@given(st.integers(-20, 20), st.integers(1, 20), st.booleans(), st.booleans())
def test_intervals_equal_inequalities(low, width, closed_left, closed_right):
    high = low + width
    left, right_bracket = "[("[not closed_left], "])"[not closed_right]
    gold = f"{left}{low}, {high}{right_bracket}"
    signs = [r"\le" if closed else "<" for closed in (closed_left, closed_right)]
    assert right(f"{low} {signs[0]} x {signs[1]} {high}", gold)
    other = r"\le" if signs[1] == "<" else "<"
    assert not right(f"{low} {signs[0]} x {other} {high}", gold)
