"""The benchmarks' own rules, on cases worked out by reading their code; faults are cases too."""

import math
import time

import pytest

from revisual.evaluation.official import dynamath, gpqa, gsm8k, logicvista, mathvision, mathvista, mmmu, we_math
from revisual.evaluation.official.distance import levenshtein
from revisual.evaluation.official.latex_value import latex_value


def equal_both_ways(answer, gold):
    found = mathvision.is_equal(answer, gold)
    assert mathvision.is_equal(gold, answer) is found
    return found


def mathvista_choice(extraction, choices):
    return mathvista.normalized(extraction, choices, "multi_choice", "text", None)


def mathvista_number(extraction, answer_type, precision):
    return mathvista.normalized(extraction, [], "free_form", answer_type, precision)


def dynamath_score(response, gold, kind):
    return dynamath.is_right(dynamath.short_answer(response), gold, kind)


def mmmu_choice(response, gold):
    return mmmu.choice_score(response, ["12", "15", "the red one", "none"], gold)


def cases(rule, *rows):
    """The last value of a row is what the rule says to the others."""
    return [pytest.param(rule, row[:-1], row[-1], id=f"{rule.__name__}-{place}") for place, row in enumerate(rows)]


CASES = [
    *cases(
        mathvision.extracted,
        (r"First \boxed{3}, then \boxed{4}.", "4"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{x=5}", "5"),
        (r"\boxed{10 \text{ cm}}", "10{cm}"),
        (r"\boxed{30^\circ}", "30"),
        (r"\boxed{1/2}", r"\frac{1}{2}"),
        (r"\boxed{0.5}", r"\frac{1}{2}"),
        (r"\boxed{.5}", r"\frac{1}{2}"),
        (r"\boxed{\text{(B)}}", "b"),
        ("The answer is (C).", "c"),
        ("so the final answer is 12. Done", "12"),
        ("B\nbecause", "b"),
        ("It is 7", "7"),
        ("I cannot determine it.", "icannotdetermineit"),
        ("", ""),
    ),
    *cases(
        equal_both_ways,
        ("a", "A", True),
        ("7", "7.001", True),  # rounded to two decimals
        ("0.33", r"\frac{1}{3}", True),
        ("0.34", r"\frac{1}{3}", False),
        (r"2\sqrt{2}", "2.83", True),
        ("3:16", "7:36", True),  # a ratio is a quotient, and 0.1875 rounds to 0.19 as 0.1944 does
        ("(1,2)", "(1, 2)", True),
        ("(1,2)", "(2,1)", False),
        ("[1,0.333]", r"[1,\frac{1}{3}]", True),
        ("x", "y", False),
        (r"\frac12", "0.5", False),  # without braces it is not understood
        ("", "", False),
    ),
    *cases(
        latex_value,
        ("1,234.5", 1234.5),
        ("-2^2", -4.0),
        ("2^{-1}", 0.5),
        ("2^{3^2}", 512.0),
        ("6/2/3", 1.0),
        ("8-2-3", 3.0),
        (r"4+\frac{1}{2}\cdot 6", 7.0),
        (r"3\sqrt{4}2", 12.0),
        (r"\left(1+2\right)^{2}\pi", 9 * math.pi),
        (r"|{-3}|", 3.0),
        (r"\sin{0}+\cos(0)", 1.0),
        (r"\frac{3^{1008}-1}{3^{1009}}", 1 / 3),
        ("1/0", None),
        ("", None),
        ("1+", None),
        ("(1", None),
        ("x", None),
        ("(-8)^{0.5}", None),
        ("__import__('os')", None),
    ),
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
    *cases(
        dynamath_score,
        ('{"solution": "", "short answer": "5.0009"}', "5.0", "float", True),
        ('{"solution": "", "short answer": "5.001"}', "5.0", "float", False),  # 0.001 and a little, as floats go
        ('{"short answer": "5 cm"}', "5.0", "float", True),
        ('{"short answer": "2π"}', str(2 * math.pi), "float", True),
        ('{"short answer": 5}', "5.0", "float", True),
        ('{"short answer": "1/2"}', "0.5", "float", False),
        ('```json\n{"solution": "\\frac{1}{2}", "short answer": "0.5"}\n```', "0.5", "float", True),
        ('{"short answer": "B"}', "B", "multiple choice", True),
        ('{"short answer": "b"}', "B", "multiple choice", False),
        ('{"short answer": "(B) odd"}', "B", "multiple choice", True),
        ('{"short answer": "option B"}', "B", "multiple choice", False),
        ('{"short answer": "not White"}', "White", "text", True),
        ('{"short answer": "white"}', "White", "text", False),
        ('{"solution": "5"}', "5.0", "float", False),
        ("13", "13.0", "float", False),
        ("The answer:\nB.", "B", "multiple choice", True),
        ("", "B", "multiple choice", False),
    ),
    *cases(
        we_math.chosen,
        ("<Thought process>: <<It is red.>> <Answer>: <<C>>", "C"),
        ("<Answer>: <<C. red>>", "C"),
        ("Answer: A. No: Answer: D", "D"),
        (r"Based on this, \boxed{C}", "B"),
        ("**Answer**: C", None),
        ("The answer is C", None),
        ("", None),
    ),
    *cases(
        logicvista.is_right,
        ("B, D", "B, D", True),
        ("DB", "B, D", True),
        ("(b) and (d)", "B, D", True),
        ("B", "B, D", False),
        ("B, C, D", "B, D", False),
        ("3", "3", True),
        (r"\text{C}", "C", True),
        ("C.", "C", True),
        ("Bad", "B", False),
        ("", "B", False),
        ("I cannot determine", "A", False),
    ),
    *cases(
        gpqa.chosen,
        ("... Answer: C", "C"),
        ("answer:$D$", "D"),
        ("Answer: b", "b"),
        ("Answer: A\nAnswer: B", "A"),
        ("C", None),
    ),
    *cases(
        mmmu_choice,
        ("(A) is wrong, so (B).", "B", 1.0),
        ("The answer is B", "B", 1.0),
        ("A or B , A", "A", 1.0),
        ("It must be the red one, I think so", "C", 1.0),
        ("The red one", "C", 0.25),  # too few words: a letter is drawn
        ("hm", "C", 0.25),
    ),
    *cases(
        mmmu.open_is_right,
        ("So the result is 3.14159", "3.14", True),
        ("x = 5", "5", True),
        ("It is 1,234 or 7", "7", True),
        ("The capital is Paris.", "paris", True),
        ("It is b", "b", True),
        ("It is ab", "b", False),  # a single character needs a blank beside it
        ("It is 12", "13", False),
        ("", "13", False),
    ),
    *cases(
        gsm8k.number,
        ("So 6 * 7\n#### 1,042\n#### 3", "1042"),
        ("#### -3.5.", "-3.5."),
        (r"\boxed{42}", None),
    ),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_rules(rule, given, expected):
    assert rule(*given) == pytest.approx(expected)


def test_nothing_is_costly():
    hostile = ["9^9^9^9^9", "9^{9^{9^9}}", "(" * 90, "(" * 100_000, "2^" * 49 + "2", r"\frac{" * 30, "9" * 100_000]
    hostile += ["-" * 99 + "1", "9999^{5000}" * 12, " " * 100_000, "(" * 200 + "1" + ")" * 200]
    hostile += ["oxe{}d{" * 20_000, "<Answer>:" + " " * 100_000 + "x", "<Answer>: <" * 20_000, "111," * 25_000 + "x"]
    hostile += [
        "Answer: " * 20_000,
        "A, " * 30_000 + "!",
        "is so " * 20_000,
        "\n" * 100_000,
        "}" * 50_000 + "{" * 50_000,
    ]
    start = time.process_time()
    for text in hostile:
        latex_value(text)
        mathvision.is_equal(text, "1")
        mathvision.extracted(rf"\boxed{{{text}}}")
        dynamath.short_answer("{" + text)
        we_math.chosen(text)
        we_math.unwrapped(text)
        gpqa.chosen(text)
        mathvista.normalized(text, ["one", "another one"], "multi_choice", "text", None)
        mmmu.choice_score(text, ["one", "another one"], "A")
        logicvista.letters(text)
        mmmu.open_is_right(text, "1")
    assert time.process_time() - start < 10


def slow_distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    same = slow_distance(a[1:], b[1:])
    return same if a[0] == b[0] else 1 + min(same, slow_distance(a[1:], b), slow_distance(a, b[1:]))


@pytest.mark.parametrize("pair", ["kitten sitting", "abc abc", "a ", " abc", "flaw lawn", "abcd dcba", "Yes no"])
def test_levenshtein(pair):
    a, _, b = pair.partition(" ")
    assert levenshtein(a, b) == levenshtein(b, a) == slow_distance(a, b)


def test_dynamath_unwraps_its_own_format_only():
    assert dynamath.unwrapped('<think>{"a": 1}</think>{"solution": "x", "short answer": "B"}') == "B"
    for response in [r'{"short answer": "\boxed{5}"}', '{"solution": "5"}', "The set {1, 2}", "13", ""]:
        assert dynamath.unwrapped(response) == response


def test_we_math_unwraps_its_own_format_only():
    assert we_math.unwrapped("<think>?</think><Thought process>: <<x < 3>> <Answer>: <<C>>.") == "C"
    for response in ["C", r"<Answer>: \boxed{C}", "The answer is C.", "<Answer>: <<A>> or maybe <<B>>", ""]:
        assert we_math.unwrapped(response) == response


def test_gsm8k_unwraps_its_own_format_only():
    assert gsm8k.unwrapped("<think>?</think>6 * 7 is this.\n#### -1,042.\n") == "-1,042"
    for response in ["42", r"#### \boxed{42}", "#### 1. Add 2", "#### 42 or more", "<think>#### 42</think>", ""]:
        assert gsm8k.unwrapped(response) == response
