import pytest

from evaluation.official.helpers import cases
from revisual.evaluation.official import logicvista

CASES = [
    *cases(
        logicvista.is_right,
        ("B, D", "B, D", True),
        ("DB", "B, D", True),
        ("(b) and (d)", "B, D", True),
        ("B", "B, D", False),
        ("B, C, D", "B, D", False),
        ("3", "3", True),
        (r"\text{C}", "C", True),
        ("C.", "C", True),
        ("Bad", "B", False),
        ("", "B", False),
        ("I cannot determine", "A", False),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)
