from fractions import Fraction

import pytest

from revisual.rewards.plain_numbers import plain_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", Fraction(42)),
        ("-5", Fraction(-5)),
        ("+5", Fraction(5)),
        ("007", Fraction(7)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("1,234.50", Fraction(2469, 2)),
        ("1 000", Fraction(1000)),
        ("3/4", Fraction(3, 4)),
        ("-3/4", Fraction(-3, 4)),
        (r"\frac{3}{4}", Fraction(3, 4)),
        (r"\frac{-1}{2}", Fraction(-1, 2)),
        (r"1\frac{4}{5}", Fraction(9, 5)),
        ("1 4/5", Fraction(9, 5)),
        ("-1 1/2", Fraction(-3, 2)),
        ("25%", Fraction(1, 4)),
        (r"25\%", Fraction(1, 4)),
        (r"1.5 \times 10^{3}", Fraction(1500)),
        (r"2 \cdot 10^{-2}", Fraction(1, 50)),
    ],
)
def test_value(text, expected):
    assert plain_number(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "-",
        "x",
        "2x",
        "1/0",
        "0/0",
        "1,22",
        "1,2345",
        "12 34",
        "1e999999",
        "nan",
        "inf",
        "--1",
        "1_000",
        "5%%",
        "%",
        "1" * 401,
        r"1\frac{-1}{2}",
        "9^9",
    ],
)
def test_no_number(text):
    assert plain_number(text) is None
