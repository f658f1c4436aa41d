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


def test_differences_of_sets_the_other_way_round_are_wrong():
    assert judge(r"\boxed{B \setminus A}", r"A \setminus B").error is None
    assert not right(r"B \setminus A", r"A \setminus B") and not right(r"2A \setminus 2B", r"A \setminus B")
    assert not right("A < B", r"B \setminus A") and right(r"A \setminus  B", r"A \setminus B")
