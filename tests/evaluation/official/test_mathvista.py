import pytest

from evaluation.official.helpers import cases
from revisual.evaluation.official import mathvista


def mathvista_choice(extraction, choices):
    return mathvista.normalize(extraction, choices, "multi_choice", "text", None)


def mathvista_number(extraction, answer_type, precision):
    return mathvista.normalize(extraction, [], "free_form", answer_type, precision)


CASES = [
    *cases(
        mathvista_choice,
        ("B", ["12", "15"], "15"),
        ("(a)", ["12", "15"], "12"),
        ("(B) or (A)", ["12", "15"], "15"),
        ("b", ["12", "15"], "12"),  # no letter in capitals: the first of the nearest
        ("14", ["12", "15"], "12"),
        ("155", ["12", "15"], "15"),
        ("I cannot determine", ["No", "Yes"], "No"),
        ("", ["Yes", "No"], "No"),
    ),
    *cases(
        mathvista_number,
        ("14.9", "integer", None, "14"),
        ("1e3", "integer", None, "1000"),
        ("1,000", "integer", None, None),
        ("nan", "integer", None, None),
        ("inf", "integer", None, None),
        ("1.25", "float", 1, "1.2"),
        ("1.005", "float", 2, "1.0"),
        ("2", "float", 2, "2.0"),
        ("two", "float", 2, None),
        ("[1, 2]", "list", None, "[1, 2]"),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)
