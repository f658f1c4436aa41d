import time

import pytest

from revisual.rewards.extraction import (
    after_thoughts,
    answer_tag,
    boxed_contents,
    extract_answer,
    gold_answer,
    has_unclosed_box,
)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("42", "42"),
        ("<think>a</think>b", "b"),
        ("a</think>b", "b"),
        ("<think>a</think>b<think>c</think>d", "d"),
        ("<think>a", None),
        ("<think>a</think>b<think>c", None),
        ("", ""),
    ],
)
def test_after_thoughts(response, expected):
    assert after_thoughts(response) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\boxed{42}", ["42"]),
        (r"\boxed {4}2", ["4"]),
        (r"\boxed{\frac{1}{2}} or \boxed{3}", [r"\frac{1}{2}", "3"]),
        (r"\boxed{\{1,2\}}", [r"\{1,2\}"]),
        (r"\boxed{\boxed{1}}", [r"\boxed{1}"]),
        (r"\boxed{\boxed{1} and \boxed{2}}", [r"\boxed{1} and \boxed{2}"]),
        (r"\boxed{1", []),
        (r"\boxed{\boxed{1}", ["1"]),
        (r"}}\boxed{1}", ["1"]),
        (r"{ \boxed{}", [""]),
        ("boxed{1}", []),
    ],
)
def test_boxed_contents(text, expected):
    assert boxed_contents(text) == expected


def test_unclosed_box():
    assert has_unclosed_box(r"\boxed{1} \boxed{2")
    assert not has_unclosed_box(r"\boxed{1} {")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<answer> 1 </answer> <answer>2</answer>", "2"),
        ("<answer>1</answer> <answer>2", "1"),
        ("</answer><answer>", None),
        ("1", None),
    ],
)
def test_answer_tag(text, expected):
    assert answer_tag(text) == expected


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (r"<think>\boxed{1}</think> \boxed{2}", ("2", "boxed")),
        (r"<think>\boxed{1}</think> Some long-winded closing words.", ("Some long-winded closing words", "bare")),
        (r"<think>\boxed{1}</think>", ("", "none")),
        (r"<think>\boxed{1}", ("", "none")),
        (r"\boxed{42} ... so finally \boxed{41}", ("41", "boxed")),
        (r"\boxed{\boxed{7}}", ("7", "boxed")),
        (r"<answer>so \boxed{3}</answer>", ("3", "boxed")),
        ("<answer> 3 cm </answer>", ("3 cm", "answer_tag")),
        ("The answer is 42.", ("42", "bare")),
        ("Final answer: **B**", ("B", "bare")),
        ("42", ("42", "bare")),
        ("x" * 101, ("", "none")),
        ("one\ntwo", ("", "none")),
        (r"\boxed{42", ("", "none")),
        ("", ("", "none")),
        ("   ", ("", "none")),
    ],
)
def test_extract_answer(response, expected):
    assert extract_answer(response) == expected


def test_gold_answer_leaves_box_and_tag_behind():
    assert gold_answer(r"\[ \boxed{84} \]") == gold_answer("<answer>84</answer>") == gold_answer(" 84 ") == "84"


@pytest.mark.parametrize(
    "unit",
    ["\\boxed{", "{", "}", "\\", "<think>", "</think>", "<answer>", "</answer>", "\\boxed ", " ", "$", "\\boxed{1}"],
)
def test_a_megabyte_takes_under_a_second(unit):
    text = unit * (1_000_000 // len(unit))
    start = time.perf_counter()
    extract_answer(text)
    boxed_contents(text + "}" * (len(text) // len(unit)))
    assert time.perf_counter() - start < 2.0  # two calls
