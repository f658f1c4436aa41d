import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_recipes.grammar.planting import UNVERIFIABLE_ANSWERS
from revisual.data.sample import Sample
from revisual.data_recipes.grammar.rules.answers import PLAIN, VerifiableAnswer, is_plain
from revisual.grading.response import Question, judge

RULE = VerifiableAnswer()


def test_unverifiable_answers_fall():
    reasons = RULE([Sample(str(n), "What is it?", answer) for n, answer in enumerate(UNVERIFIABLE_ANSWERS)])
    assert all(reason is not None and reason.startswith("answer: ") for reason in reasons), reasons


GOOD = [
    "72", "-3.5", "0.001", r"\frac{1}{2}", r"2\sqrt{3}", r"(0, \infty)", r"x^2 + 1", r"\left( 3, \frac{\pi}{2} \right)",
    "Evelyn",     "even", "Monday", "20%", r"\$5.50", "1,234", "3:2", r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}",
    "10:30 A.M.", "5 cm", "yes",
    r"\{1, 2, 3\}", "x = 4", r"\text{odd}", r"1 \pm \sqrt{2}", "A", "12345678", "2/3",
]  # fmt: skip


def test_good_answers_stay():
    samples = [Sample(str(n), "What is it?", answer) for n, answer in enumerate(GOOD)]
    assert dict(zip(GOOD, RULE(samples), strict=True)) == dict.fromkeys(GOOD)


def test_choices_stay_by_letter_and_by_text():
    choices = ("the long way round past the old mill and the new bridge over the river", "another")
    samples = [Sample("1", "Which?", "A", choices=choices), Sample("2", "Which?", choices[0], choices=choices)]
    assert RULE(samples) == [None, None]


@settings(max_examples=100, deadline=None)
@given(st.from_regex(PLAIN, fullmatch=True))
def test_the_grader_accepts_what_it_is_not_asked_about(gold):
    assert is_plain(Sample("1", answer=gold))
    assert judge(rf"\boxed{{{gold}}}", gold).score == 1.0


@pytest.mark.parametrize("letter", "ABCD")
def test_the_grader_accepts_letters(letter):
    choices = ("12", "15", "B", "none")
    assert is_plain(Sample("1", answer=letter, choices=choices))
    assert judge(rf"\boxed{{{letter}}}", letter, Question("Which?", choices)).score == 1.0
