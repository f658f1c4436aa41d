import math

import pytest

from evaluation.official.helpers import cases
from revisual.evaluation.official.latex_value import latex_value

CASES = [
    *cases(
        latex_value,
        ("1,234.5", 1234.5),
        ("-2^2", -4.0),
        ("2^{-1}", 0.5),
        ("2^{3^2}", 512.0),
        ("6/2/3", 1.0),
        ("8-2-3", 3.0),
        (r"4+\frac{1}{2}\cdot 6", 7.0),
        (r"3\sqrt{4}2", 12.0),
        (r"\left(1+2\right)^{2}\pi", 9 * math.pi),
        (r"|{-3}|", 3.0),
        (r"\sin{0}+\cos(0)", 1.0),
        (r"\frac{3^{1008}-1}{3^{1009}}", 1 / 3),
        ("1/0", None),
        ("", None),
        ("1+", None),
        ("(1", None),
        ("x", None),
        ("(-8)^{0.5}", None),
        ("__import__('os')", None),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)
