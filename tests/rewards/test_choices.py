import pytest

from revisual.rewards.choices import gold_choice, named_choice, option_text

LABELLED = ["A. 300, 400", "B. blue", "C. No correct answer"]
PLAIN = ["12 cm", "15 cm", "Bear"]


@pytest.mark.parametrize("answer", ["B", "(B)", "B.", "B)", "b", "Option B", r"\text{B}", r"\textbf{(B)}", "B. 15 cm"])
def test_letter(answer):
    assert named_choice(answer, PLAIN) == 1


@pytest.mark.parametrize(
    ("answer", "choices", "expected"),
    [
        ("15 cm", PLAIN, 1),
        ("bear", PLAIN, 2),
        ("B. 12 cm", PLAIN, None),
        ("D", PLAIN, None),
        ("BC", PLAIN, None),
        ("Boar", PLAIN, None),
        ("", PLAIN, None),
        ("B. it can't be A", PLAIN, None),
        ("Blue", LABELLED, 1),
        ("A", LABELLED, 0),
        ("1", ["4", "1", "3"], 1),
        ("A", ["C", "A", "B"], 0),
    ],
)
def test_named(answer, choices, expected):
    assert named_choice(answer, choices) == expected


@pytest.mark.parametrize(
    ("answer", "choices", "expected"),
    [
        ("B", LABELLED, 1),
        ("blue", LABELLED, 1),
        ("15 cm", PLAIN, 1),
        ("B", PLAIN, 1),
        ("A", ["C", "A", "B"], 1),
        ("A", ["A. B", "B. A"], 0),
        ("17", PLAIN, None),
    ],
)
def test_gold(answer, choices, expected):
    assert gold_choice(answer, choices) == expected


def test_option_text():
    assert option_text(1, LABELLED) == "blue"
    assert option_text(1, PLAIN) == "15 cm"
