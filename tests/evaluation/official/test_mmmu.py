import pytest

from evaluation.official.helpers import cases
from revisual.evaluation.official import mmmu


def mmmu_choice(response, gold):
    return mmmu.choice_score(response, ["12", "15", "the red one", "none"], gold)


CASES = [
    *cases(
        mmmu_choice,
        ("(A) is wrong, so (B).", "B", 1.0),
        ("The answer is B", "B", 1.0),
        ("A or B , A", "A", 1.0),
        ("It must be the red one, I think so", "C", 1.0),
        ("The red one", "C", 0.25),  # too few words: a letter is drawn
        ("hm", "C", 0.25),
    ),
    *cases(
        mmmu.open_is_right,
        ("So the result is 3.14159", "3.14", True),
        ("x = 5", "5", True),
        ("It is 1,234 or 7", "7", True),
        ("The capital is Paris.", "paris", True),
        ("It is b", "b", True),
        ("It is ab", "b", False),  # a single character needs a blank beside it
        ("It is 12", "13", False),
        ("", "13", False),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)
