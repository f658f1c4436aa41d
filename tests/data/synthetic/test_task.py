"""What holds for every generated task."""

from collections import Counter, defaultdict

import pytest

from revisual.data.synthetic.arithmetic import ArithmeticTask
from revisual.data.synthetic.bars import BarsTask, BarTask
from revisual.data.synthetic.shapes import ShapesTask

TASKS = [ArithmeticTask, BarsTask, BarTask, ShapesTask]


def content(sample):
    picture = sample.images[0].image.tobytes() if sample.images else b""
    return sample.question, picture


@pytest.mark.parametrize("task", TASKS)
def test_the_same_every_time(task):
    def made(**options):
        return [(*content(s), s.answer, s.solution, s.id) for s in task(count=40, **options)()]

    assert made() == made()
    assert made() != made(seed=1)
    assert [row[:-1] for row in made()] != [row[:-1] for row in made(split="test")]


@pytest.mark.parametrize("task", TASKS)
def test_splits_share_nothing(task):
    made = {
        split: {content(s) for seed in (0, 1) for s in task(count=300, split=split, seed=seed)()}
        for split in ("train", "validation", "test")
    }
    assert not made["train"] & made["validation"] and not made["train"] & made["test"]
    assert not made["validation"] & made["test"]


@pytest.mark.parametrize("task", TASKS)
def test_no_question_comes_twice(task):
    samples = list(task(count=300)())
    assert len({content(s) for s in samples}) == 300 == len({s.id for s in samples})
    assert len(list(task(count=7)())) == 7


def best_guess(task, count=2500):
    """How often the commonest answer to a text is right, learned on other questions."""
    answers = defaultdict(Counter)
    for sample in task(count=count)():
        answers[sample.question][sample.answer] += 1
    tests = list(task(count=count, split="test")())
    right = sum(answers[s.question].most_common(1)[0][0] == s.answer for s in tests if answers[s.question])
    return right / len(tests)


def test_chance_is_what_the_docstrings_say():
    assert "1/4" in BarsTask.__doc__ and "7/24" in ShapesTask.__doc__
    assert best_guess(BarsTask) == pytest.approx(1 / 4, abs=0.03)
    assert "1/4" in BarTask.__doc__ and best_guess(BarTask) == pytest.approx(1 / 4, abs=0.03)
    assert best_guess(ShapesTask) == pytest.approx(7 / 24, abs=0.03)


def test_too_many_is_said():
    with pytest.raises(ValueError, match="there are no 150 different questions"):
        list(ArithmeticTask(count=150, digits=1)())
