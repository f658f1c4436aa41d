"""Rational arithmetic of formulas, beside Python's own."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revisual.grading.rules.exact import MAX_BITS, ExactField, count_bits
from revisual.grading.rules.fields import Undefined, Unsupported
from revisual.grading.rules.tree import Apply, Symbol, integer

FRACTIONS = st.fractions(max_denominator=50).filter(lambda value: abs(value) < 50)


def apply(name, *parts):
    return ExactField().value(Apply(name, tuple(map(integer, parts))))


@given(FRACTIONS.map(abs), st.integers(1, 9))
def test_a_root_undoes_a_power(value, degree):
    field = ExactField()
    assert field.power(value**degree, Fraction(1, degree)) == field.root(Fraction(degree), value**degree) == value


@given(FRACTIONS.filter(bool), st.integers(0, 4).map(lambda half: 2 * half + 1))
def test_odd_roots_of_negative_numbers_are_real(value, degree):
    assert ExactField().root(Fraction(degree), -(abs(value) ** degree)) == -abs(value)


@given(FRACTIONS.filter(bool), st.integers(-9, 9))
def test_powers_are_pythons(base, exponent):
    assert ExactField().power(base, Fraction(exponent)) == base**exponent


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=4))
def test_functions_of_whole_numbers_are_pythons(numbers):
    assert apply("gcd", *numbers) == math.gcd(*numbers) and apply("lcm", *numbers) == math.lcm(*numbers)
    assert apply("max", *numbers) == max(numbers) and apply("min", *numbers) == min(numbers)
    assert apply("mod", *numbers[:2]) == numbers[0] % numbers[1]


@pytest.mark.parametrize(
    "tree",
    [
        Apply("root", (integer(2), integer(2))),
        Apply("root", (integer(2), integer(-4))),
        Apply("^", (integer(3), integer(10**6))),
        Apply("!", (integer(2_001),)),
        Apply("gcd", (integer(4), integer(-2))),
        Symbol("pi"),
        Symbol("x"),
    ],
    ids=["irrational", "not real", "long", "large factorial", "of a negative", "constant", "variable"],
)
def test_what_is_not_rational_or_costs_too_much_is_left_to_others(tree):
    with pytest.raises(Unsupported):
        ExactField(with_variables=tree == Symbol("pi")).value(tree)


@pytest.mark.parametrize("tree", [Apply("/", (integer(1), integer(0))), Apply("^", (integer(0), integer(0)))])
def test_some_formulas_have_no_value(tree):
    with pytest.raises(Undefined):
        ExactField().value(tree)


def test_the_longest_power_is_still_exact():
    longest = MAX_BITS // count_bits(Fraction(3))
    assert apply("^", 3, longest) == 3**longest
    with pytest.raises(Unsupported, match="a large power"):
        apply("^", 3, longest + 1)
