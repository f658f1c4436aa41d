import pytest

from evaluation.official.helpers import cases
from revisual.evaluation.official import gpqa

CASES = [
    *cases(
        gpqa.find_choice,
        ("... Answer: C", "C"),
        ("answer:$D$", "D"),
        ("Answer: b", "b"),
        ("Answer: A\nAnswer: B", "A"),
        ("C", None),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)
