import math

import pytest

from evaluation.official.helpers import cases
from revisual.evaluation.official import dynamath


def dynamath_score(response, gold, kind):
    return dynamath.is_right(dynamath.short_answer(response), gold, kind)


CASES = [
    *cases(
        dynamath_score,
        ('{"solution": "", "short answer": "5.0009"}', "5.0", "float", True),
        ('{"solution": "", "short answer": "5.001"}', "5.0", "float", False),  # 0.001 and a little, as floats go
        ('{"short answer": "5 cm"}', "5.0", "float", True),
        ('{"short answer": "2π"}', str(2 * math.pi), "float", True),
        ('{"short answer": 5}', "5.0", "float", True),
        ('{"short answer": "1/2"}', "0.5", "float", False),
        ('```json\n{"solution": "\\frac{1}{2}", "short answer": "0.5"}\n```', "0.5", "float", True),
        ('{"short answer": "B"}', "B", "multiple choice", True),
        ('{"short answer": "b"}', "B", "multiple choice", False),
        ('{"short answer": "(B) odd"}', "B", "multiple choice", True),
        ('{"short answer": "option B"}', "B", "multiple choice", False),
        ('{"short answer": "not White"}', "White", "text", True),
        ('{"short answer": "white"}', "White", "text", False),
        ('{"solution": "5"}', "5.0", "float", False),
        ("13", "13.0", "float", False),
        ("The answer:\nB.", "B", "multiple choice", True),
        ("", "B", "multiple choice", False),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)


def test_dynamath_unwraps_its_own_format_only():
    assert dynamath.unwrap('<think>{"a": 1}</think>{"solution": "x", "short answer": "B"}') == "B"
    for response in [r'{"short answer": "\boxed{5}"}', '{"solution": "5"}', "The set {1, 2}", "13", ""]:
        assert dynamath.unwrap(response) == response
