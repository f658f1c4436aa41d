"""Sums."""

from revisual.data.synthetic.arithmetic import ArithmeticTask, _columns
from revisual.data.synthetic.shapes import ShapesTask


def test_sums_are_right():
    for sample in ArithmeticTask(count=200, digits=2)():
        a, operator, b = sample.question.removeprefix("What is ").removesuffix("?").split()
        assert int(sample.answer) == (int(a) + int(b) if operator == "+" else int(a) - int(b)) >= 0


def test_the_docstrings_sum():
    assert "`47 + 38` is thought of as `7+8+0=15 4+3+1=8`" in ArithmeticTask.__doc__
    assert _columns(47, 38, 1) == "7+8+0=15 4+3+1=8"
    assert _columns(52, 17, -1) == "2-7-0=5 5-1-1=3"


def test_a_prefix_changes_nothing_else():
    plain, asked = list(ShapesTask(count=5)()), list(ShapesTask(count=5, prefix="Look. ")())
    assert [s.question for s in asked] == ["Look. " + s.question for s in plain]
    assert [s.answer for s in asked] == [s.answer for s in plain]
