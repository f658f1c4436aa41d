import pytest

from evaluation.official.helpers import cases
from revisual.evaluation.official import gsm8k

CASES = [
    *cases(
        gsm8k.number,
        ("So 6 * 7\n#### 1,042\n#### 3", "1042"),
        ("#### -3.5.", "-3.5."),
        (r"\boxed{42}", None),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)


def test_gsm8k_unwraps_its_own_format_only():
    assert gsm8k.unwrap("<think>?</think>6 * 7 is this.\n#### -1,042.\n") == "-1,042"
    for response in ["42", r"#### \boxed{42}", "#### 1. Add 2", "#### 42 or more", "<think>#### 42</think>", ""]:
        assert gsm8k.unwrap(response) == response
