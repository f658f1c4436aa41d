"""Wilson's interval against its definition and scipy's."""

import pytest
from scipy.stats import binomtest

from revisual.core.wilson import wilson
from revisual.evaluation.metrics.problems import mean_figure, ratio_figure


@pytest.mark.parametrize(("right", "n"), [(0, 24), (24, 24), (1, 1), (7, 60), (30, 60), (500, 1319)])
def test_it_is_scipys(right, n):
    expected = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_no_share_is_certain(value):
    figure = mean_figure("accuracy", [value] * 24)
    assert figure.high - figure.low == pytest.approx(0.138, abs=1e-3) and figure.low <= value <= figure.high


def test_means_that_are_all_alike_have_a_width():
    figure = mean_figure("accuracy", [0.5] * 24)
    assert (figure.low, figure.high) == pytest.approx(wilson(12, 24))
    groups = ratio_figure("several", [[0.0, 0.0]] * 24, [[1.0, 1.0]] * 24)
    assert groups.low == 0.0 and groups.high == pytest.approx(0.138, abs=1e-3)
