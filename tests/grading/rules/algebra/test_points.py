"""Formulas agree where they have the same values at points."""

from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import judge
from revisual.grading.rules.algebra.points import agree_everywhere
from revisual.grading.rules.reading import read


@settings(max_examples=60, deadline=None)
@given(st.integers(-9, 9), st.integers(1, 9), st.integers(-9, 9), st.integers(-50, -12))
def test_formulas_with_letters_differ_from_their_neighbors(a, b, c, tiny):
    formula = rf"{a} x^2 + {b} x \cdot |x| + {c} + \arctan x"
    same = rf"\arctan x + x({a} x + {b} \sqrt{{x^2}}) + {c}"
    assert judge(rf"\boxed{{{same}}}", formula).score == 1.0
    for other in (rf"{same} + 10^{{{tiny}}}", same.replace(r"\sqrt{x^2}", "x"), rf"-({same})", rf"2({same})"):
        assert judge(rf"\boxed{{{other}}}", formula).score == 0.0


def test_fewer_points_than_needed_are_a_refusal():
    assert not agree_everywhere(read(r"\sqrt{-x^2}").tree, read(r"2\sqrt{-x^2}").tree)
    assert not agree_everywhere(read("x").tree, read("y").tree)
