import builtins
import time

import pytest

from revisual.data.sample import Sample
from revisual.grading.grader import AnswerGrader
from revisual.grading.response import judge

GRADER = AnswerGrader()
CHOICES = Sample(id="q", answer="B", choices=["12 cm", r"\frac{1}{2} m", "neither"])


def boxed(answer):
    return rf"<think>Hm. \boxed{{0}}</think> It is \boxed{{{answer}}}."


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("42", "42"),
        (r"\text{Evelyn}", "evelyn"),
        ("$9$", "9"),
        (r"\boxed{9}", "9"),
        ("1000", "1,000"),
        ("5", "5.0"),
        (r"\frac{1}{2}", "0.5"),
        ("63/400", r"\frac{63}{400}"),
        ("1.5", "1 1/2"),
        ("50%", "0.5"),
        ("18", "18 dollars"),
        ("18", r"18 \text{ cm}"),
        (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}"),
        ("x^2-1", "(x-1)(x+1)"),
        ("x=5", "5"),
        ("1,-2", "-2,1"),
        (r"(-\infty,3)", "(-∞, 3)"),
        ("(-1,1)", "-1<x<1"),
        (r"90^\circ", "90"),
        (r"1 \pm \sqrt{19}", r"1+\sqrt{19}, 1-\sqrt{19}"),
        ("2^{10}", "1024"),
        (
            r"\begin{pmatrix} -1/3 \\ 2/3 \end{pmatrix}",
            r"\begin{bmatrix} -\frac13\\\frac23 \end{bmatrix}",
        ),
    ],
)
def test_right(gold, answer):
    assert GRADER(boxed(answer), gold).score == 1.0


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("42", "43"),
        ("21", "12"),
        ("(1,2)", "(2,1)"),
        ("1/3", "0.333"),
        (r"\frac{1}{3}", "0.333333"),
        (r"\sqrt{2}", "1.414214"),
        (r"\pi", "3.14159265"),
        ("7", r"7 \text{ or } 8"),
        ("7", r"\text{not }7"),
        ("7", "1,2,3,4,5,6,7,8,9"),
        ("x=5", "z=5"),
        (r"5 \text{ m}", r"5 \text{ cm}"),
        ("5", "5%"),
        ("1.000", "1000"),
        ("[0,1]", "(0,1)"),
        ("1", "1/0"),
        ("0", "0/0"),
        ("east", "west"),
        ("None", "no answer given"),
        ("1", "__import__('os').system('touch pwned')"),
    ],
)
def test_wrong(gold, answer):
    grade = GRADER(boxed(answer), gold)
    assert grade.score == 0.0
    assert grade.error is None


def test_percent_is_optional_where_the_question_asks_for_it():
    sample = Sample(id="q", question="What percent of them are red?", answer="25")
    assert GRADER(boxed(r"25\%"), "25", sample).score == 1.0
    assert GRADER(boxed("25"), "25%", sample).score == 1.0
    assert GRADER(boxed("2500"), "25", sample).score == 0.0


@pytest.mark.parametrize(
    ("response", "gold", "score"),
    [
        ("The answer is 42.", "42", 1.0),
        ("<answer>42</answer>", "42", 1.0),
        (r"<think>\boxed{42}</think> I do not know.", "42", 0.0),
        (r"<think>\boxed{42}", "42", 0.0),
        (r"\boxed{}", "42", 0.0),
        (r"\boxed{42", "42", 0.0),
        ("", "42", 0.0),
        (r"\boxed{41} or rather \boxed{42}", "42", 1.0),
    ],
)
def test_where_the_answer_stands(response, gold, score):
    grade = GRADER(response, gold)
    assert (grade.score, grade.error) == (score, None)


@pytest.mark.parametrize("gold", ["B", r"\frac{1}{2} m"])
def test_choices(gold):
    for answer in ("B", "(B)", "b.", r"\dfrac12 m"):
        assert GRADER(boxed(answer), gold, CHOICES).score == 1.0
    for answer in ("A", "12 cm", "D", "AB", "neither"):
        assert GRADER(boxed(answer), gold, CHOICES).score == 0.0


def test_an_option_by_its_value():
    sample = Sample(id="q", answer="B", choices=["2", r"\frac{1}{2}"])
    grade = GRADER(boxed("0.5"), "B", sample)
    assert (grade.score, grade.extracted) == (1.0, "0.5")


def test_equal_for_votes():
    assert GRADER.equal("0.5", r"\frac{1}{2}")
    assert not GRADER.equal("9^9^9^9", "1")
    letters = Sample(id="q", answer="A", choices=["C", "A", "B"])
    assert GRADER.equal("A", "A", letters) and not GRADER.equal("", "")


@pytest.mark.parametrize(("gold", "error"), [("", "unparsable_gold"), ("9^9^9^9", "too_costly")])
def test_errors_are_no_wrong_answers(gold, error):
    grade = GRADER(boxed("1"), gold)
    assert (grade.score, grade.error) == (0.0, error)


HOSTILE = [
    "(" * 9 + "x+1" + ")" * 9,
    "[[[[(((1",
    r"\frac" * 60,
    r"\sqrt" * 60,
    "-" * 300 + "1",
    "|" * 100 + "1",
    "^" * 50,
    r"\sin(\sin(\sin(\sin(x)+1)+1)+1)",
    "+".join(rf"\sqrt{{{i}}}" for i in range(2, 30)),
    r"\tan(10^{9999})",
    r"9999^{9999}\cdot 9999^{9999}",
    "(lambda:1)()",
    "\u202e1",
    "\x00",
    "1" * 100_000,
    "{" * 5_000,
    "1+" * 50_000 + "1",
]


@pytest.mark.parametrize("answer", HOSTILE)
def test_hostile_answers_end_soon_and_reach_no_eval(answer, monkeypatch):
    def no_eval(*args, **kwargs):
        raise AssertionError("eval was reached")

    monkeypatch.setattr(builtins, "eval", no_eval)
    start = time.process_time()
    assert judge(boxed(answer), "3").score == 0.0
    assert judge(answer, "3").score == 0.0
    assert time.process_time() - start < 4.0


@pytest.mark.parametrize("unit", [r"\boxed{", "{", "$", " ", "1", "1+", r"\text{", "<think>", r"\frac"])
def test_a_megabyte_is_read_in_linear_time(unit):
    text = unit * (1_000_000 // len(unit))
    start = time.process_time()
    judge(text, "42")
    judge(r"\boxed{" + text[:-10], "42")
    assert time.process_time() - start < 20.0  # under 1 s on a free core; hours, were it quadratic
