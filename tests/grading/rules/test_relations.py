"""Formulas and relations that differ by little."""

from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import judge

QUICK = settings(max_examples=80, deadline=None)


def right(answer, gold):
    return judge(rf"\boxed{{{answer}}}", gold).score == 1.0


@QUICK
@given(st.integers(40, 90), st.sampled_from(["x", "2x", "x+1", "x^2"]))
def test_formulas_and_relations_differ_by_tiny_terms(size, left):
    tiny = f"10^{{-{size}}}"
    assert not right(f"{left}+{tiny}", left)
    assert not right(f"{left}={tiny}", f"{left}=0")
    assert not right(f"{left}<{tiny}", f"{left}<0")
    assert right(f"2({left})=2*{tiny}", f"{left}={tiny}")
