import pytest

from data_recipes.grammar.planting import UNVERIFIABLE_QUESTIONS
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.rules.questions import Length, NoProof, NothingMissing, OnePart


def test_bad_questions_fall():
    rules = (NoProof(), OnePart(), NothingMissing())
    for question in UNVERIFIABLE_QUESTIONS:
        sample = Sample("1", question, "3")
        assert any(rule([sample])[0] for rule in rules), question


FINE = [
    "Show that $x > 0$ has a solution. What is the smallest integer solution?",
    "Tom shows his 3 friends 12 pictures on the table. How many pictures are there?",
    "A movie theater has 6 screens. How many movies are shown in total throughout the day?",
    "The graph of $y = x^2$ is moved. (1) It passes through $(0, 3)$. (2) It is symmetric. Find its vertex.",
    "Which is larger? (A) 3 (B) 4 (C) 5 (D) 6",
    "In the diagram, $AB = 3$. Find $BC$. [asy] draw((0,0)--(1,1)); [/asy]",
    "She wants to prove a point to 12 friends. How many friends are there?",
    "What is the value of the proof of a coin that costs 30 dollars?",
]


@pytest.mark.parametrize("question", FINE)
def test_good_questions_stay(question):
    sample = Sample("1", question, "3")
    assert [rule([sample])[0] for rule in (NoProof(), OnePart(), NothingMissing(), Length())] == [None] * 4


def test_length():
    rule = Length(most_characters=20)
    assert rule([Sample("1", "x" * 21), Sample("2", "tiny"), Sample("3", "long enough")]) == [
        "length: too long",
        "length: too short",
        None,
    ]
