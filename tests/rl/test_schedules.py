from fractions import Fraction

import pytest

from revisual.rl.schedules import Constant, ExponentialDecay, Linear


def test_constant():
    assert [Constant(0.25)(t, 10) for t in (0, 5, 10)] == [0.25] * 3


@pytest.mark.parametrize("step", [0, 139, 140, 141, 150, 199, 200])
def test_the_papers_entropy_coefficient(step):
    expected = Fraction(0) if step < 140 else Fraction("0.02") * Fraction("0.985") ** (step - 140)
    assert ExponentialDecay(0.02, 0.985, warmup=140)(step, 200) == pytest.approx(float(expected), rel=1e-12, abs=0)


def test_exponential_decay_stops_at_its_end():
    schedule = ExponentialDecay(1.0, 0.5, warmup=2, end=0.2)
    assert [schedule(t, 99) for t in range(6)] == [0.0, 0.0, 1.0, 0.5, 0.25, 0.2]


def test_linear_over_training_and_clamped():
    schedule = Linear(1.0, 0.3)
    for step in range(201):
        expected = 1 - Fraction(7, 10) * Fraction(step, 200)
        assert schedule(step, 200) == pytest.approx(float(expected), rel=1e-12)
    assert schedule(500, 200) == pytest.approx(0.3)
    assert schedule(0, 0) == 1.0


def test_linear_over_its_own_steps_whatever_the_total():
    schedule = Linear(0.0, 0.8, steps=4)
    for total in (1, 4, 1000):
        found = [schedule(t, total) for t in (0, 1, 2, 3, 4, 5, 99)]
        assert found == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8], rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(float("nan")), "value"),
        (lambda: Linear(0.0, float("inf")), "end.*got inf"),
        (lambda: Constant(1.5), "value"),
        (lambda: Linear(0.0, 1.0, steps=0), "steps"),
        (lambda: ExponentialDecay(1.0, 0.0), "decay"),
        (lambda: ExponentialDecay(1.0, 1.5), "decay"),
        (lambda: ExponentialDecay(1.0, 0.5, warmup=-1), "warmup"),
        (lambda: ExponentialDecay(float("inf"), 0.5), "start.*got inf"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
