"""What gold answers of published sets accept."""

import pytest

from revisual.grading.rules.golds import list_readings


@pytest.mark.parametrize(
    ("gold", "readings"),
    [
        ("42", ["42"]),
        (r"\boxed{42}", ["42"]),
        (r"$\boxed{12}\%$", ["12", "12%"]),
        (r"\boxed{7", ["7"]),
        ("35/4 (or fill in 8.75)", ["35/4 (or fill in 8.75)", "35/4", "8.75"]),
        ("12 (approximately)", ["12 (approximately)", "12"]),
        ("(D) Alina", ["(D) Alina", "D", "Alina"]),
        ("B. $12", ["B. $12", "B", "$12"]),
        ("<answer>C</answer>", ["C"]),
        ("A = 3", ["A = 3"]),
    ],
)
def test_readings(gold, readings):
    assert list_readings(gold) == readings


def test_a_solution_is_read_at_its_end():
    solution = "First we add the apples of both baskets, and then we take away what was eaten. The answer is 42."
    assert list_readings(solution)[0] == solution and list_readings(solution)[-1] == "42"
