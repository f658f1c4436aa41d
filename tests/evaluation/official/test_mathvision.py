import pytest

from evaluation.official.helpers import cases
from revisual.evaluation.official import mathvision


def equal_both_ways(answer, gold):
    found = mathvision.is_equal(answer, gold)
    assert mathvision.is_equal(gold, answer) is found
    return found


CASES = [
    *cases(
        mathvision.extract,
        (r"First \boxed{3}, then \boxed{4}.", "4"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{x=5}", "5"),
        (r"\boxed{10 \text{ cm}}", "10{cm}"),
        (r"\boxed{30^\circ}", "30"),
        (r"\boxed{1/2}", r"\frac{1}{2}"),
        (r"\boxed{0.5}", r"\frac{1}{2}"),
        (r"\boxed{.5}", r"\frac{1}{2}"),
        (r"\boxed{\text{(B)}}", "b"),
        ("The answer is (C).", "c"),
        ("so the final answer is 12. Done", "12"),
        ("B\nbecause", "b"),
        ("It is 7", "7"),
        ("I cannot determine it.", "icannotdetermineit"),
        ("", ""),
    ),
    *cases(
        equal_both_ways,
        ("a", "A", True),
        ("7", "7.001", True),  # rounded to two decimals
        ("0.33", r"\frac{1}{3}", True),
        ("0.34", r"\frac{1}{3}", False),
        (r"2\sqrt{2}", "2.83", True),
        ("3:16", "7:36", True),  # a ratio is a quotient, and 0.1875 rounds to 0.19 as 0.1944 does
        ("(1,2)", "(1, 2)", True),
        ("(1,2)", "(2,1)", False),
        ("[1,0.333]", r"[1,\frac{1}{3}]", True),
        ("x", "y", False),
        (r"\frac12", "0.5", False),  # without braces it is not understood
        ("", "", False),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)
