"""CISPO by hand, and what tells it from GRPO."""

import math
from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from revisual.rl.losses import CISPOLoss, ClippedLoss, Coefficients, SAPOLoss
from revisual.rl.losses.token_loss import TokenLoss
from rl.helpers import random_batch

from .helpers import gradient, outputs_for


def token_gradient(loss: TokenLoss, ratio: float, advantage: float) -> float:
    """Of one token's objective, by its log-probability."""
    old = torch.zeros(1, 1, dtype=torch.float64)
    logprobs = torch.full_like(old, math.log(ratio)).requires_grad_()
    mask, advantages = torch.ones(1, 1, dtype=torch.bool), torch.full_like(old, advantage)
    return float(torch.autograd.grad(loss.objective(logprobs, old, advantages, mask).value.sum(), logprobs)[0])


@pytest.mark.parametrize(("ratio", "advantage"), [(1.5, 1.0), (0.5, -1.0), (0.5, 1.0), (7.0, 2.0), (7.0, -1.0)])
def test_a_token_by_hand(ratio, advantage):
    assert token_gradient(CISPOLoss(), ratio, advantage) == pytest.approx(min(ratio, 5.0) * advantage)


def test_no_token_is_dropped_where_the_clip_drops_it():
    clipped = ClippedLoss(clip_low=0.2, clip_high=0.28)
    assert token_gradient(clipped, 1.5, 1.0) == token_gradient(clipped, 0.5, -1.0) == 0.0
    assert token_gradient(CISPOLoss(max_weight=1.28), 1.5, 1.0) == pytest.approx(1.28)
    assert token_gradient(CISPOLoss(max_weight=1.28), 0.5, -1.0) == pytest.approx(-0.5)  # no bound below


def test_on_policy_grpo_cispo_and_sapo_have_one_gradient():
    batch = random_batch(3, [4, 2, 3])
    outputs = outputs_for(batch)
    batch = replace(batch, old_logprobs=outputs.logprobs)
    mean = ClippedLoss().aggregation
    expected = gradient(ClippedLoss(aggregation=mean), outputs, batch, Coefficients())[0]
    assert expected.abs().sum() > 0.1
    for loss in (CISPOLoss(aggregation=mean), SAPOLoss(aggregation=mean)):
        assert_close(gradient(loss, outputs, batch, Coefficients())[0], expected, atol=1e-12, rtol=0)


def test_what_is_logged():
    batch = random_batch(3, [4, 2, 3])
    outputs = outputs_for(batch)
    loss = CISPOLoss(max_weight=1.1)
    _, stats = loss(outputs, batch, loss.count(batch), Coefficients())
    mask, weights = batch.completion_mask, batch.completion_mask * batch.weights[:, None]
    above = (outputs.logprobs - batch.old_logprobs).exp() > 1.1
    assert float(stats["policy/clip_fraction"]) == pytest.approx(float((above * weights)[mask].sum() / weights.sum()))
    assert 0 < float(stats["policy/clip_fraction"]) < 1
