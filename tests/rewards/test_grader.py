import builtins
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from revisual.data.sample import Sample
from revisual.rewards.grader import ExactMatchGrader, Grade, MathVerifyGrader

GRADER = MathVerifyGrader()
CHOICES = Sample(id="q", answer="B", choices=["12 cm", r"\frac{1}{2} m", "neither"])


def boxed(answer):
    return rf"<think>Hm. \boxed{{0}}</think> It is \boxed{{{answer}}}."


@pytest.mark.parametrize(
    ("gold", "answer", "rule"),
    [
        ("42", "42", "boxed/exact"),
        (r"\text{Evelyn}", "evelyn", "boxed/exact"),
        ("$9$", "9", "boxed/exact"),
        (r"\boxed{9}", "9", "boxed/exact"),
        ("1000", "1,000", "boxed/exact"),
        ("5", "5.0", "boxed/number"),
        (r"\frac{1}{2}", "0.5", "boxed/number"),
        ("63/400", r"\frac{63}{400}", "boxed/number"),
        ("1.5", "1 1/2", "boxed/number"),
        ("50%", "0.5", "boxed/number"),
        ("18", "18 dollars", "boxed/number"),
        ("18", r"18 \text{ cm}", "boxed/number"),
        (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}", "boxed/symbolic"),
        ("x^2-1", "(x-1)(x+1)", "boxed/symbolic"),
        ("x=5", "5", "boxed/symbolic"),
        ("1,-2", "-2,1", "boxed/symbolic"),
        (r"(-\infty,3)", "(-∞, 3)", "boxed/exact"),
        ("(-1,1)", "-1<x<1", "boxed/symbolic"),
        (r"90^\circ", "90", "boxed/symbolic"),
        (r"1 \pm \sqrt{19}", r"1+\sqrt{19}, 1-\sqrt{19}", "boxed/symbolic"),
        ("2^{10}", "1024", "boxed/symbolic"),
        (
            r"\begin{pmatrix} -1/3 \\ 2/3 \end{pmatrix}",
            r"\begin{bmatrix} -\frac13\\\frac23 \end{bmatrix}",
            "boxed/symbolic",
        ),
    ],
)
def test_right(gold, answer, rule):
    assert GRADER(boxed(answer), gold) == Grade(1.0, answer, rule)


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
@pytest.mark.parametrize("grader", [GRADER, ExactMatchGrader()])
def test_where_the_answer_stands(grader, response, gold, score):
    grade = grader(response, gold)
    assert (grade.score, grade.error) == (score, None)


@pytest.mark.parametrize("grader", [GRADER, ExactMatchGrader()])
@pytest.mark.parametrize("gold", ["B", r"\frac{1}{2} m"])
def test_choices(grader, gold):
    for answer in ("B", "(B)", "b.", r"\dfrac12 m"):
        assert grader(boxed(answer), gold, CHOICES).score == 1.0
    for answer in ("A", "12 cm", "D", "AB", "neither"):
        assert grader(boxed(answer), gold, CHOICES).score == 0.0


def test_an_option_by_its_value():
    sample = Sample(id="q", answer="B", choices=["2", r"\frac{1}{2}"])
    assert GRADER(boxed("0.5"), "B", sample) == Grade(1.0, "0.5", "boxed/number")


def test_equal_for_votes():
    assert GRADER.equal("0.5", r"\frac{1}{2}")
    assert not GRADER.equal("9^9^9^9", "1")
    letters = Sample(id="q", answer="A", choices=["C", "A", "B"])
    assert GRADER.equal("A", "A", letters)
    assert ExactMatchGrader().equal("(A)", "a", letters)
    assert not ExactMatchGrader().equal("", "")


@pytest.mark.parametrize(
    ("gold", "answer", "error"),
    [
        ("1", "x+" * 250 + "x", "too_long"),
        ("1", "9^9^9^9", "too_costly"),
        ("1", "((9!)!)!", "too_costly"),
        ("1", "9" * 100 + "x", "too_costly"),
        ("", "1", "unparsable_gold"),
        (r"\frac{1}{", "1", "unparsable_gold"),
    ],
)
def test_errors_are_no_wrong_answers(gold, answer, error):
    grade = GRADER(boxed(answer), gold)
    assert (grade.score, grade.error) == (0.0, error)


def test_time_limit():
    start = time.perf_counter()
    grade = MathVerifyGrader(timeout_seconds=1)(boxed("(a+b+c+d)^{50}(e+f+g+h)^{50}"), "3")
    assert grade.error == "timeout"
    assert time.perf_counter() - start < 5.0


def test_other_threads():
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(GRADER, boxed("0.5"), "1/2").result() == Grade(1.0, "0.5", "boxed/number")
        assert pool.submit(GRADER, boxed("(x-1)(x+1)"), "x^2-1").result().error == "unavailable"


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
    start = time.perf_counter()
    assert GRADER(boxed(answer), "3").score == 0.0
    assert GRADER(answer, "3").score == 0.0
    assert time.perf_counter() - start < 4.0


@pytest.mark.parametrize("grader", [GRADER, ExactMatchGrader()])
@pytest.mark.parametrize("unit", [r"\boxed{", "{", "$", " ", "1", "1+", r"\text{", "<think>", r"\frac"])
def test_a_megabyte_is_read_in_linear_time(grader, unit):
    text = unit * (1_000_000 // len(unit))
    start = time.perf_counter()
    grader(text, "42")
    grader(r"\boxed{" + text, "42")
    assert time.perf_counter() - start < 20.0  # under 1 s on a free core; hours, were it quadratic
