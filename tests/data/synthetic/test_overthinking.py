"""Thoughts gone through again: how often, and that nothing else of a question changes."""

import random
import re
from collections import Counter

import pytest

from revisual.core.errors import UserError
from revisual.data.synthetic.arithmetic import ArithmeticTask
from revisual.data.synthetic.bars import BarsTask
from revisual.data.synthetic.overthinking import DOUBTS, MOST_ROUNDS, repeat_with_doubts
from revisual.data.synthetic.shapes import ShapesTask

TASKS = [ArithmeticTask, BarsTask, ShapesTask]


def rounds(solution):
    """The thoughts in a solution, without the words that open them."""
    return re.split(rf"\. (?:{'|'.join(DOUBTS)}), ", solution)


@pytest.mark.parametrize("task", TASKS)
def test_only_thoughts_become_longer(task):
    plain, longer = (list(task(count=60, doubt=doubt)()) for doubt in (0.0, 0.7))
    for one, other in zip(plain, longer, strict=True):
        assert (one.id, one.question, one.answer) == (other.id, other.question, other.answer)
        assert rounds(one.solution) == [one.solution]
        assert set(rounds(other.solution)) == {one.solution} and len(rounds(other.solution)) <= MOST_ROUNDS
    assert max(len(rounds(s.solution)) for s in longer) > 3


def test_the_same_every_time():
    assert [s.solution for s in ShapesTask(count=50, doubt=0.7)()] == [
        s.solution for s in ShapesTask(count=50, doubt=0.7)()
    ]


@pytest.mark.parametrize("doubt", [0.5, 0.9])
def test_another_round_comes_with_the_given_probability(doubt):
    rng = random.Random(0)
    counts = Counter(len(rounds(repeat_with_doubts("it is red", doubt, rng))) for _ in range(4000))
    assert max(counts) <= MOST_ROUNDS
    for n in range(1, 6):
        reached = sum(count for r, count in counts.items() if r >= n)
        assert counts[n] / reached == pytest.approx(1 - doubt, abs=0.05)


def test_every_word_of_doubt_is_used():
    solution = repeat_with_doubts("x", 0.999, random.Random(1))
    assert len(rounds(solution)) == MOST_ROUNDS and all(word in solution for word in DOUBTS)


@pytest.mark.parametrize("doubt", [-0.1, 1.0, 2.0, float("nan")])
def test_no_probability(doubt):
    with pytest.raises(UserError, match=r"ShapesTask: doubt: expected float in \[0, 1\), got "):
        ShapesTask(doubt=doubt)
