import pytest

from evaluation.official.helpers import cases
from revisual.evaluation.official import we_math

CASES = [
    *cases(
        we_math.find_choice,
        ("<Thought process>: <<It is red.>> <Answer>: <<C>>", "C"),
        ("<Answer>: <<C. red>>", "C"),
        ("Answer: A. No: Answer: D", "D"),
        (r"Based on this, \boxed{C}", "B"),
        ("**Answer**: C", None),
        ("The answer is C", None),
        ("", None),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)


def test_we_math_unwraps_its_own_format_only():
    assert we_math.unwrap("<think>?</think><Thought process>: <<x < 3>> <Answer>: <<C>>.") == "C"
    for response in ["C", r"<Answer>: \boxed{C}", "The answer is C.", "<Answer>: <<A>> or maybe <<B>>", ""]:
        assert we_math.unwrap(response) == response
