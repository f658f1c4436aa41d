"""What a decimal, a suffix or a rounding error may hide: neighbors of any size and either sign are refused."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revisual.grading.response import judge

QUICK = settings(max_examples=80, deadline=None)

SIGNS = st.sampled_from(["", "-"])

MAGNITUDES = st.integers(-90, 90)

SUFFIXES = st.sampled_from(["", r"\%", r"^\circ", r"^{\circ}", " cm", r"\text{ cm}", r"\pi", r"\sqrt{2}", "i", "x"])


def right(answer, gold):
    return judge(rf"\boxed{{{answer}}}", gold).score == 1.0


@QUICK
@given(SIGNS, st.integers(1, 99), st.integers(2, 40), st.integers(1, 39), SUFFIXES)
def test_a_suffix_belongs_to_the_whole_of_a_mixed_number(sign, whole, bottom, top, suffix):
    top = top % bottom or 1
    total = whole * bottom + top
    golds = [rf"{sign}{whole}\frac{{{top}}}{{{bottom}}}{suffix}", f"{sign}{whole} {top}/{bottom}{suffix}"]
    for gold in golds:
        assert right(rf"{sign}\frac{{{total}}}{{{bottom}}}{suffix}", gold)
        assert not right(rf"{sign}\frac{{{whole * top}}}{{{bottom}}}{suffix}", gold)  # the product
        assert not right(rf"{sign}\frac{{{total + 1}}}{{{bottom}}}{suffix}", gold)
        assert not right(rf"{'' if sign else '-'}\frac{{{total}}}{{{bottom}}}{suffix}", gold)
        if "circ" not in suffix and "%" not in suffix and "cm" not in suffix:
            assert right(f"{sign}({whole}+{top}/{bottom}){suffix}", gold)


@pytest.mark.parametrize(("gold", "same", "other"), [(r"2/3\%", r"\frac23\%", "66.7"), ("45/2^\\circ", "22.5", "0.4")])
def test_a_suffix_belongs_to_the_whole_of_a_quotient(gold, same, other):
    assert right(same, gold) and not right(other, gold)


@QUICK
@given(SIGNS, st.integers(1, 10**6), st.integers(1, 9), st.integers(1, 4), SUFFIXES)
def test_a_whole_gold_of_a_column_of_floats_is_exact(sign, whole, digit, places, suffix):
    gold = f"{sign}{whole}.0{suffix}"
    assert right(f"{sign}{whole}{suffix}", gold)
    assert right(f"{sign}{whole}.{'0' * places}{suffix}", gold)
    near = Fraction(digit, 10**places)
    for other in (whole + near, whole - near):
        assert not right(f"{sign}{float(other)!r}{suffix}", gold)
    assert not right(rf"{sign}\sqrt{{{whole * whole + 1}}}{suffix}", gold)


def test_a_whole_number_in_scientific_notation_has_the_digits_that_it_shows():
    assert right("2.998 \\times 10^8", "3.00 \\times 10^8") and not right("2.98 \\times 10^8", "3.00 \\times 10^8")


@QUICK
@given(SIGNS, st.integers(10**15, 10**17), st.integers(1, 9))
def test_a_decimal_of_all_digits_of_a_double_is_one_of_its_neighbors_at_most(sign, numerator, digit):
    gold = rf"{sign}\frac{{{numerator}}}{{7 \cdot 10^{{15}}}}"
    near = float(Fraction(numerator, 7 * 10**15) * (1 + Fraction(digit, 10**14)))
    assert not right(f"{sign}{near!r}", gold)


@QUICK
@given(SIGNS, st.integers(1001, 9999), MAGNITUDES, SUFFIXES)
def test_a_decimal_gold_takes_what_rounds_to_it_or_is_cut_to_it_and_no_more(sign, digits, magnitude, suffix):
    def written(tenths):
        """A number of tenths of the gold's last digit."""
        return rf"{sign}{tenths // 10_000}.{tenths % 10_000:04} \cdot 10^{{{magnitude}}} {suffix}"

    gold = rf"{sign}{digits // 1000}.{digits % 1000:03} \cdot 10^{{{magnitude}}} {suffix}"
    for tenths in (-4, 0, 4, 9) if suffix != "x" else (0,):  # formulas with variables have no tolerance
        assert right(written(10 * digits + tenths), gold)
    for tenths in (-30, -11, -6, 10, 11, 30):
        assert not right(written(10 * digits + tenths), gold)
    assert not right(written(10 * digits).removeprefix("-") if sign else f"-{written(10 * digits)}", gold)
