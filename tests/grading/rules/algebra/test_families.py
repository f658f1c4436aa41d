"""Families of angles."""

from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import judge


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 11), st.integers(1, 4), st.integers(-3, 3), st.integers(1, 11))
def test_families_of_angles(start, step, shift, other):
    gold = rf"\frac{{{start}\pi}}{{12}} + {step} n \pi"
    assert judge(rf"\boxed{{\frac{{{start + 12 * step * shift}\pi}}{{12}} + {step} k \pi}}", gold).score == 1.0
    assert judge(rf"\boxed{{\frac{{{start + other}\pi}}{{12}} + {step} k \pi}}", gold).score == 0.0
    assert judge(rf"\boxed{{\frac{{{start}\pi}}{{12}} + {2 * step} k \pi}}", gold).score == 0.0
