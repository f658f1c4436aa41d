"""SAPO by hand."""

import math

import pytest

from revisual.rl.losses import SAPOLoss

from .test_cispo import token_gradient


def by_hand(ratio, tau):
    s = 1 / (1 + math.exp(-tau * (ratio - 1)))
    return 4 * s * (1 - s) * ratio


@pytest.mark.parametrize(("ratio", "advantage"), [(1.0, 1.0), (1.5, 1.0), (0.5, -1.0), (3.0, -2.0), (0.2, 0.7)])
def test_a_token_by_hand(ratio, advantage):
    tau = 1.0 if advantage > 0 else 1.05
    assert token_gradient(SAPOLoss(), ratio, advantage) == pytest.approx(advantage * by_hand(ratio, tau), rel=1e-9)


def test_values_of_the_paper():
    assert token_gradient(SAPOLoss(), 1.5, 1.0) == pytest.approx(1.410, abs=1e-3)
    assert token_gradient(SAPOLoss(), 0.5, -1.0) == pytest.approx(-0.467, abs=1e-3)
    assert token_gradient(SAPOLoss(), 1.0, 1.0) == pytest.approx(1.0)


def test_far_from_1_it_fades_on_both_sides():
    assert abs(token_gradient(SAPOLoss(), 12.0, 1.0)) < 0.01 and abs(token_gradient(SAPOLoss(), 0.01, 1.0)) < 0.01
