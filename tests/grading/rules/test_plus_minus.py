r"""The two values of \pm."""

import pytest

from revisual.grading.rules.plus_minus import expand_signs
from revisual.grading.rules.reading import read


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (r"\pm 3", "3, -3"),
        (r"2 \pm \sqrt{5}", r"2+\sqrt{5}, 2-\sqrt{5}"),
        (r"(\pm 1, \mp 2)", "(1, -2), (-1, 2)"),
        (r"x = \pm y", None),
        (r"\{\pm 1, 4\}", r"\{1, -1, 4\}"),
    ],
)
def test_both_signs_are_two_answers(short, long):
    expanded = expand_signs(read(short))
    assert expanded == expand_signs(expanded) and "±" not in repr(expanded) and "∓" not in repr(expanded)
    if long is not None:
        assert expanded == read(long)


def test_a_relation_keeps_its_left_side():
    relation = expand_signs(read(r"x = 1 \pm 2"))
    assert relation.sign == "=" and relation.left == read("x") and relation.right == read("1+2, 1-2")


@pytest.mark.parametrize("text", ["3", "(1, 2)", "x < 3", r"\{1, 2\}"])
def test_other_values_stay(text):
    assert expand_signs(read(text)) == read(text)
