import math
from fractions import Fraction

import pytest
import torch
from scipy.stats import entropy

from revisual.rl.kl import K1, K2, K3

POLICY = [0.5, 0.25, 0.15, 0.07, 0.03]
REFERENCE = [0.2, 0.3, 0.1, 0.25, 0.15]


def each(estimator, policy, reference):
    return estimator(torch.tensor([policy], dtype=torch.float64).log(), torch.tensor([reference]).double().log())[0]


def average(estimator):
    """Over the policy's samples, exactly: one of each token, weighted by its probability."""
    values = each(estimator, POLICY, torch.tensor(REFERENCE, dtype=torch.float64).tolist()).tolist()
    return sum(p * v for p, v in zip(POLICY, values, strict=True))


@pytest.mark.parametrize("estimator", [K1(), K3(), K3(clamp=math.inf)])
def test_unbiased(estimator):
    assert average(estimator) == pytest.approx(entropy(POLICY, REFERENCE), rel=1e-6)
    assert entropy(POLICY, REFERENCE) != pytest.approx(entropy(REFERENCE, POLICY), rel=0.05)


def test_k2_is_biased_by_as_much_as_its_formula_says():
    expected = sum(p * math.log(p / q) ** 2 / 2 for p, q in zip(POLICY, REFERENCE, strict=True))
    assert average(K2()) == pytest.approx(expected, rel=1e-6)
    assert abs(expected - entropy(POLICY, REFERENCE)) > 0.01


def test_one_token_by_hand():
    assert each(K1(), [0.5], [0.25]).item() == pytest.approx(math.log(2))
    assert each(K2(), [0.5], [0.25]).item() == pytest.approx(math.log(2) ** 2 / 2)
    assert each(K3(), [0.5], [0.25]).item() == pytest.approx(0.5 - 1 + math.log(2))


@pytest.mark.parametrize(
    ("estimator", "slope"),
    [(K1(), lambda x: 1.0), (K2(), lambda x: x), (K3(), lambda x: 1 - math.exp(-x)), (K3(clamp=0.1), lambda x: 0.0)],
)
@pytest.mark.parametrize("difference", [-0.9, 0.3, 1.5])
def test_gradients_by_hand(estimator, slope, difference):
    logprobs = torch.tensor([[difference - 1.0]], dtype=torch.float64, requires_grad=True)
    estimator(logprobs, torch.full((1, 1), -1.0, dtype=torch.float64)).sum().backward()
    assert logprobs.grad.item() == pytest.approx(slope(difference))


@pytest.mark.parametrize("exponent", [6, 10, 12])
def test_k3_is_accurate_close_to_the_reference(exponent):
    """In float32, exp(x) - 1 - x has no right digit left at x = 2^-12 and below."""
    x = Fraction(1, 2**exponent)
    expected = x**2 / 2 + x**3 / 6 + x**4 / 24 + x**5 / 120
    found = K3()(torch.zeros(1, 1), torch.full((1, 1), float(x))).item()
    assert found == pytest.approx(float(expected), rel=2e-3)


def test_k3_does_not_overflow():
    far = torch.tensor([[-1000.0, -math.inf]])
    near = torch.full((1, 2), -0.5)
    assert K3()(far, near).tolist() == [[pytest.approx(math.exp(20) - 21)] * 2]
    assert K3()(near, far).tolist() == [[pytest.approx(math.exp(-20) - 1 + 20)] * 2]
    assert K3(clamp=math.inf)(far, near)[0, 0].isinf()


def test_clamp_is_checked():
    with pytest.raises(ValueError, match="clamp"):
        K3(clamp=0.0)
