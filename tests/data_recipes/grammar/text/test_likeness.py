import pytest

from revisual.data_recipes.grammar.text.canonical import canonical
from revisual.data_recipes.grammar.text.likeness import Likeness, compare, compare_within

DIFFERENT = [
    ("What is 3 + 4 in the ring of integers?", "What is 3 - 4 in the ring of integers?"),
    ("Find the sum of 12 and 5 apples in all.", "Find the sum of 12 and 6 apples in all."),
    ("A number 1 2", "A number 12"),
    ("Compute the area.", "Who was the king?"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_questions_are_not_the_same(one, other):
    assert compare(canonical(one), canonical(other)).likeness in (Likeness.TWIN, Likeness.DIFFERENT)


def test_a_synonym_per_sentence_is_the_same_question_and_a_template_a_twin():
    text = "Mia buys 12 apples at the market. She gives 5 of them to her brother. How many apples does she have left?"
    other = (
        "Mia purchases 12 apples at the market. She gives 5 of them to her sibling. How many apples does she have now?"
    )
    assert compare(canonical(text), canonical(other)).likeness == Likeness.SAME
    twin = text.replace("12", "31").replace("5", "9")
    assert compare(canonical(text), canonical(twin)).likeness == Likeness.TWIN


def test_a_question_is_found_within_a_longer_text():
    question = "How many positive divisors does the number 360 have?"
    long = (
        f"Read carefully and answer with one number. {question.upper()} Give reasons for each step that you take here."
    )
    assert compare_within(canonical(question), canonical(long)).likeness in (Likeness.EQUAL, Likeness.SAME)
    other = long.replace("360", "361")
    assert compare_within(canonical(question), canonical(other)).likeness == Likeness.TWIN
