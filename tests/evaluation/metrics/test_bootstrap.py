import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from revisual.evaluation.metrics import bootstrap
from revisual.evaluation.metrics.bootstrap import interval, ratio


def column(values):
    return np.array(values, dtype=np.float64)[:, None]


def test_ratio_of_one_group_is_a_ratio_of_sums():
    assert ratio(column([1, 3]), column([2, 6])) == 0.5
    assert ratio(column([1, 0, 1]), column([1, 1, 1])) == pytest.approx(2 / 3)


def test_ratio_is_the_mean_over_groups():
    numerators, denominators = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0], [1, 0], [1, 1]])
    assert ratio(numerators, denominators) == pytest.approx((2 / 3 + 1) / 2)


def test_nothing_to_divide_by_is_no_value():
    assert ratio(column([0, 0]), column([0, 0])) is None
    assert ratio(np.zeros((0, 1)), np.zeros((0, 1))) is None
    assert interval(column([0, 0]), column([0, 0])) is None
    assert interval(column([1]), column([1])) is None


def test_the_interval_of_a_mean_is_that_of_scipy():
    values = np.random.default_rng(3).random(80)
    found = interval(column(values), column(np.ones(80)), resamples=20_000)
    expected = scipy_bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=1).confidence_interval
    assert found == pytest.approx((expected.low, expected.high), abs=0.004)


def test_the_interval_of_a_ratio_covers_resampled_ratios():
    generator = np.random.default_rng(5)
    tops, bottoms = generator.random(30), generator.random(30) + 0.5
    draws = generator.integers(0, 30, (20_000, 30))
    expected = np.quantile(tops[draws].sum(1) / bottoms[draws].sum(1), [0.025, 0.975])
    assert interval(column(tops), column(bottoms), resamples=20_000) == pytest.approx(tuple(expected), abs=0.01)


def test_the_same_numbers_give_the_same_interval_and_another_seed_another():
    values = column(np.random.default_rng(0).random(50))
    assert interval(values, np.ones((50, 1))) == interval(values, np.ones((50, 1)))
    assert interval(values, np.ones((50, 1)), seed=1) != interval(values, np.ones((50, 1)), seed=2)


def test_blocks_do_not_change_how_many_resamples_there_are(monkeypatch):
    values = column(np.random.default_rng(0).random(50))
    whole = interval(values, np.ones((50, 1)))
    monkeypatch.setattr(bootstrap, "_BLOCK", 350)
    assert interval(values, np.ones((50, 1))) == pytest.approx(whole, abs=1e-12)


def test_equal_values_have_an_interval_of_no_width():
    assert interval(column([1] * 9), column([1] * 9)) == (1.0, 1.0)
