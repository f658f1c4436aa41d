"""Answers made to hang, crash or fool a grader are judged by the rules, in linear time."""

import time

import pytest

from revisual.grading.response import Question, judge

COSTLY = [
    "9^9^9^9",
    "2^{10^{10}}",
    "((9!)!)!",
    "(9!)!",
    "10^{10^{10}}",
    r"\binom{10^6}{5\cdot10^5}",
    r"\sum_{k=1}^{10^9} k",
    r"\prod_{k=1}^{10^9} k",
    r"\sqrt[1000000000]{2}",
    "1e999999",
    "1e400",
    "2**10**10",
    r"\tan(10^{9999})",
    r"\exp(\exp(\exp(100)))",
    "(a+b+c+d)^{50}(e+f+g+h)^{50}",
    r"\int_0^1 e^{-x^2} dx",
    "(" * 500 + "2" + ")" * 500,
    "{" * 500 + "2" + "}" * 500,
    r"\frac{2}{" * 500 + "1" + "}" * 500,
    r"\sqrt{" * 500 + "2" + "}" * 500,
    "+".join(rf"\sqrt{{{i}}}" for i in range(2, 200)),
    "|" * 300 + "2",
    "-" * 3000 + "2",
    "2" + "!" * 3000,
    "2^" * 3000 + "2",
    r"\sin " * 3000 + "2",
    ",".join(map(str, range(5000))),
    ";".join(rf"\sqrt{{{i}}}" for i in range(500)),
    r"\begin{pmatrix}" + r"1&2\\" * 3000 + r"\end{pmatrix}",
    r"\det" * 1000,
    "\\pm " * 500 + "2",
    "(1\\pm 2" * 200,
    r"\sum_{i=1}^{999}" * 5 + "1",
    "2.\\overline{" + "3" * 5000 + "}",
    "7" * 5000,
    "x_" * 3000,
    "f(x)" * 2000,
    r"\choose" * 500,
]
UNITS = [
    r"\boxed{",
    "{",
    "}",
    "$",
    " ",
    "1",
    "1+",
    r"\text{",
    "<think>",
    r"\frac",
    "\\",
    "(",
    "a ",
    "A ",
    "not ",
    "answer is ",
    "**",
    "\n",
    "1,",
    "1.",
    "<answer>",
    "</answer>",
    "^",
    "√",
    "½",
    "١",
    "option A ",
    "so C. ",
    "(B) ",
    "|",
    "x=",
    r"\begin{matrix}",
    "&",
    "or ",
    r"\$",
    "\u200b",
    "7 or 8 ",
    r"\(x\)",
    "$x$ ",
    "\f",
    ";",
    r"\sqrt{",
    r"\{",
    "Final answer: ",
    "3.(3)",
    r"\overline{3",
    "A is correct ",
    "-",
    "'",
    "% ",
    "=",
    "1 000 ",
]


@pytest.mark.parametrize("answer", COSTLY, ids=lambda answer: answer[:20])
def test_costly_answers_are_wrong_and_no_error(answer):
    start = time.process_time()
    for response in (answer, rf"\boxed{{{answer}}}"):
        for gold in ("3", r"\frac{1}{3}", "(1, 2)", r"\sqrt{3}\pi x"):
            grade = judge(response, gold)
            assert (grade.score, grade.error) == (0.0, None)
    assert time.process_time() - start < 20.0  # 0.6 s on a free core


@pytest.mark.parametrize("unit", UNITS)
def test_long_texts_take_linear_time(unit):
    text = unit * (100_000 // len(unit))
    question = Question("(A) 1 (B) 2")
    start = time.process_time()
    for response in (text, r"\boxed{" + text, rf"\boxed{{{text}}}"):
        for gold in ("7.5", "C"):
            assert judge(response, gold, question).error is None
    assert time.process_time() - start < 4.0  # about 0.1 s each; minutes, were it quadratic


@pytest.mark.parametrize("unit", ["1", "a b ", "\\", "{", "$x$ or "])
def test_a_megabyte_is_read(unit):
    text = unit * (1_000_000 // len(unit))
    start = time.process_time()
    assert judge(text, "7.5").score == judge(r"\boxed{" + text[:999_000] + "}", "7.5").score == 0.0
    assert time.process_time() - start < 10.0
