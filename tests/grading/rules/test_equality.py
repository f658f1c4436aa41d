"""Values are told apart at every magnitude."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import equal, judge

QUICK = settings(max_examples=80, deadline=None)

SIGNS = st.sampled_from(["", "-"])

MAGNITUDES = st.integers(-90, 90)

SUFFIXES = st.sampled_from(["", r"\%", r"^\circ", r"^{\circ}", " cm", r"\text{ cm}", r"\pi", r"\sqrt{2}", "i", "x"])

ROOTS = st.sampled_from([r"\sqrt{2}", r"\sqrt{7}", r"\pi", "e", r"\sqrt[3]{5}", r"(\ln 3)"])


def right(answer, gold):
    return judge(rf"\boxed{{{answer}}}", gold).score == 1.0


@QUICK
@given(SIGNS, ROOTS, MAGNITUDES, st.integers(1, 40), SUFFIXES)
def test_irrational_values_differ_from_their_neighbors_at_every_magnitude(sign, root, magnitude, apart, suffix):
    gold = rf"{sign}10^{{{magnitude}}} \cdot {root} {suffix}"
    assert right(rf"{sign}\frac{{{root}}}{{10^{{{-magnitude}}}}} {suffix}", gold)
    near = rf"10^{{{magnitude}}} \cdot {root} \cdot (1 + 10^{{-{apart}}}) {suffix}"
    assert not right(sign + near, gold)
    assert not right(f"{sign}0{suffix}", gold)
    assert not right(gold, f"{sign}0{suffix}")
    assert not right(gold.removeprefix("-") if sign else f"-{gold}", gold)


@QUICK
@given(st.integers(2, 50), st.integers(2, 50), MAGNITUDES)
def test_a_zero_whose_terms_cancel_is_zero_and_a_tiny_rest_is_none(a, b, magnitude):
    zero = rf"10^{{{magnitude}}}(\sqrt{{{a}}}\sqrt{{{b}}} - \sqrt{{{a * b}}})"
    assert right(zero, "0") and right("0", zero)
    assert not right(rf"{zero} + 10^{{{magnitude - 90}}}", "0")
    assert not right(rf"\sqrt{{{a}}}\sqrt{{{b}}} - \sqrt{{{a * b}}} + e^{{-100}}", "0")


@pytest.mark.parametrize("tiny", ["e^{-100}", r"\frac{1}{2000!}", r"10^{-60}\pi", r"\sin(10^{-50})"])
def test_votes_tell_tiny_values_from_zero_and_from_their_opposites(tiny):
    for other in ("0", f"-{tiny}", f"2 \\cdot {tiny}"):
        assert not equal(tiny, other) and not equal(other, tiny)
