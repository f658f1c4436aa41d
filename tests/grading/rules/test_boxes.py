"""Where boxes and thoughts stand in a response."""

import pytest

from revisual.grading.rules.boxes import after_thoughts, boxed_contents, well_formed_boxes


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\boxed{1} and \boxed{\frac{2}{3}}", ["1", r"\frac{2}{3}"]),
        (r"\boxed{1} \boxed{2", None),
        (r"\boxed{1} {", ["1"]),
        (r"\boxed{\{1}", [r"\{1"]),
        (r"\oxed{1}", []),
        ("\boxed{1}"[1:], []),
        ("\x08oxed{1}", []),
    ],
)
def test_boxes_that_are_not_mended(text, expected):
    assert well_formed_boxes(text) == expected
