"""Importance weights by hand, and that they undo another sampling distribution."""

import math
from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from revisual.rl.batch import PolicyOutputs
from revisual.rl.importance import BandedImportance, SequenceBand, SequenceImportance, TokenImportance
from revisual.rl.losses import ClippedLoss, Coefficients

from .helpers import random_batch

MASK = torch.tensor([[True, True, False], [True, True, True]])
LOG_RATIO = torch.tensor([[0.1, 1.0, 0.0], [-0.2, 0.3, -1000.0]], dtype=torch.float64)


def test_each_token_by_itself():
    expected = [[math.exp(0.1), 2.0, 1.0], [math.exp(-0.2), math.exp(0.3), 0.0]]
    assert_close(TokenImportance(2.0)(LOG_RATIO, MASK), torch.tensor(expected, dtype=torch.float64))


def test_the_whole_sequence():
    log_ratio = torch.tensor([[0.1, 0.2, 0.0], [1.0, 2.0, 3.0]], dtype=torch.float64)
    expected = [[math.exp(0.3)] * 3, [2.0] * 3]
    assert_close(SequenceImportance(2.0)(log_ratio, MASK), torch.tensor(expected, dtype=torch.float64))


def test_outside_of_the_band_is_nothing():
    expected = [[math.exp(0.1), math.e, 1.0], [math.exp(-0.2), math.exp(0.3), 0.0]]
    assert_close(BandedImportance()(LOG_RATIO, MASK), torch.tensor(expected, dtype=torch.float64))
    expected = [[math.exp(0.1), 0.0, 1.0], [math.exp(-0.2), math.exp(0.3), 0.0]]
    assert_close(BandedImportance(high=2.0)(LOG_RATIO, MASK), torch.tensor(expected, dtype=torch.float64))
    assert float(BandedImportance(low=0.0)(LOG_RATIO, MASK)[1, 2]) == 0.0  # exp(-1000)
    far = BandedImportance()(torch.full((2, 3), 1e6, dtype=torch.float64), MASK)
    assert_close(far, torch.zeros_like(far))  # infinite, and out


def test_a_sequence_by_its_geometric_mean():
    log_ratio = torch.tensor([[0.3, -0.3, 9.0], [0.01, 0.02, 0.03]], dtype=torch.float64)
    assert SequenceBand()(log_ratio, MASK).tolist() == [[1.0] * 3, [0.0] * 3]
    assert SequenceBand(0.9, 1.1)(log_ratio, MASK).tolist() == [[1.0] * 3, [1.0] * 3]


def test_a_mean_does_not_grow_with_the_length_and_a_product_does():
    log_ratio, mask = torch.full((1, 500), 0.01, dtype=torch.float64), torch.ones(1, 500, dtype=torch.bool)
    assert float(SequenceImportance(math.inf)(log_ratio, mask)[0, 0]) == pytest.approx(math.e**5)
    assert float(SequenceBand(0.98, 1.02)(log_ratio, mask)[0, 0]) == 1.0


@pytest.mark.parametrize("band", [BandedImportance, SequenceBand])
def test_a_band_does_not_cross(band):
    with pytest.raises(ValueError, match="low"):
        band(low=2.0, high=1.0)


def test_a_token_that_the_engine_thinks_impossible_gives_the_cap():
    weights = TokenImportance(3.0)(torch.full((2, 3), 1e6, dtype=torch.float64), MASK)
    assert_close(weights, torch.full((2, 3), 3.0, dtype=torch.float64))


@pytest.mark.parametrize("importance", [TokenImportance, SequenceImportance])
def test_a_cap_is_positive(importance):
    with pytest.raises(ValueError, match="cap"):
        importance(0.0)


def test_the_loss_is_weighed_and_nothing_else():
    batch = random_batch(0, [3, 2])
    outputs = PolicyOutputs(batch.old_logprobs.clone().requires_grad_(), torch.zeros_like(batch.old_logprobs))
    batch = replace(batch, rollout_logprobs=batch.old_logprobs - 0.25)
    count = ClippedLoss().count(batch)
    plain, _ = ClippedLoss()(outputs, batch, count, Coefficients())
    weighed, stats = ClippedLoss(importance=TokenImportance())(outputs, batch, count, Coefficients())
    assert_close(weighed, plain * math.exp(0.25))
    assert float(stats["policy/importance_weight"]) == pytest.approx(math.exp(0.25))
    kl, _ = ClippedLoss()(outputs, replace(batch, advantages=torch.zeros(2)), count, Coefficients(kl=0.5))
    both, _ = ClippedLoss(importance=TokenImportance())(
        outputs, replace(batch, advantages=torch.zeros(2)), count, Coefficients(kl=0.5)
    )
    assert_close(both, kl)


def test_samples_of_a_nucleus_estimate_the_policys_gradient():
    """With weights, the mean gradient over draws from a truncated distribution is the policy's over what is kept."""
    logits = torch.tensor([0.5, 0.0, -0.5, -3.0], dtype=torch.float64, requires_grad=True)
    logprobs, reward = logits.log_softmax(0), torch.tensor([1.0, -0.5, 2.0, 0.0], dtype=torch.float64)
    kept = torch.tensor([True, True, True, False])
    nucleus = logprobs.detach().masked_fill(~kept, -math.inf).log_softmax(0)
    weights = TokenImportance(2.0)((logprobs - nucleus)[kept][:, None], torch.ones(3, 1, dtype=torch.bool))[:, 0]
    estimate = (nucleus[kept].exp() * weights * logprobs[kept] * reward[kept]).sum()
    exact = (logprobs.detach()[kept].exp() * logprobs[kept] * reward[kept]).sum()
    assert_close(*(torch.autograd.grad(value, logits, retain_graph=True)[0] for value in (estimate, exact)))
