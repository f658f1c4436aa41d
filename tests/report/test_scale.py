import math
import random

import pytest

from revisual.report.scale import Scale, data_range, nice_step, round_out, tick_labels, ticks_within


def test_range_of_the_data():
    assert data_range([3.0, math.nan, 1.0, math.inf]) == (1.0, 3.0)
    assert data_range([]) == (0.0, 1.0)
    assert data_range([0, 0]) == (-1.0, 1.0)
    assert data_range([-20.0]) == (-22.0, -18.0)
    assert data_range([1e300, 1.0, 2.0]) == (1.0, 2.0)


@pytest.mark.parametrize("seed", range(60))
def test_ticks_are_few_and_cover_the_data(seed):
    draw = random.Random(seed)
    values = [draw.choice([-1, 1]) * 10 ** draw.uniform(-12, 12) for _ in range(draw.randrange(6))]
    count = draw.randint(1, 12)
    low, high = data_range(values)
    step = nice_step(low, high, count)
    out = round_out(low, high, step)
    slack = 1e-6 * step
    assert out[0] <= low + slack and out[1] >= high - slack
    assert 1 <= len(ticks_within(*out, step)) <= count + 3
    mantissa = step / 10 ** math.floor(math.log10(step * 1.0000001))
    assert min(abs(mantissa - nice) for nice in (1, 2, 5)) < 1e-6


def test_whole_steps():
    assert nice_step(0.0, 2.0, count=5) == 0.5
    assert nice_step(0.0, 2.0, count=5, whole=True) == 1


@pytest.mark.parametrize(
    ("ticks", "step", "percent", "texts"),
    [
        ([0.0, 0.5, 1.0], 0.5, False, ["0.0", "0.5", "1.0"]),
        ([0.0, 0.2, 0.4], 0.2, True, ["0%", "20%", "40%"]),
        ([0.0, 0.005], 0.005, True, ["0.0%", "0.5%"]),
        ([-2.0, 0.0, 2.0], 2.0, False, ["−2", "0", "2"]),
        ([0.0, 10000.0, 20000.0], 10000.0, False, ["0", "10k", "20k"]),
        ([0.0, 5e-7, 1e-6], 5e-7, False, ["0", "5e−7", "1e−6"]),
        ([0.0, 2e9], 2e9, False, ["0", "2e9"]),
        ([], 1.0, False, []),
    ],
)
def test_labels(ticks, step, percent, texts):
    assert tick_labels(ticks, step, percent) == texts


def test_scale():
    down = Scale(0.0, 10.0, start=100.0, end=0.0)
    assert [down(value) for value in (0, 2.5, 10)] == [100.0, 75.0, 0.0]


def test_a_scale_of_one_value_is_its_middle():
    assert Scale(2.0, 2.0, start=10.0, end=30.0)(2.0) == 20.0
