"""The off-policy sequence mask: which sequences it drops, and what a loss with it learns."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from revisual.rl.batch import PolicyOutputs
from revisual.rl.losses import ClippedLoss, Coefficients
from revisual.rl.off_policy_mask import OffPolicyMask

from .helpers import random_batch

MASK = torch.tensor([[True, True, False], [True, True, True]])


@pytest.mark.parametrize(("sign", "advantage", "kept"), [(-1, -1, 0.0), (-1, 1, 1.0), (1, -1, 1.0), (1, 1, 1.0)])
def test_one_of_four_is_dropped(sign, advantage, kept):
    log_ratio = sign * torch.tensor([[0.4, 0.8, -9.0], [0.1, 0.2, 0.3]])
    found = OffPolicyMask(0.5)(log_ratio, torch.full((2, 1), float(advantage)), MASK)
    assert found.tolist() == [[kept], [1.0]]  # the second's mean is 0.2 in size


def test_the_bound_itself_is_kept():
    log_ratio = torch.full((2, 3), -0.5)
    assert OffPolicyMask(0.5)(log_ratio, -torch.ones(2, 1), MASK).tolist() == [[1.0], [1.0]]


def test_a_loss_learns_nothing_from_what_is_dropped():
    """Its gradient is that of a batch in which the dropped rows have an advantage of 0, at the same count."""
    batch = random_batch(3, [4, 2, 5, 3, 6])
    batch = replace(batch, advantages=torch.tensor([-1.0, -1.0, 1.0, -0.5, 2.0]).double())
    sampled = batch.rollout_logprobs
    moved = sampled - torch.tensor([0.9, 0.1, 0.9, 0.6, 0.0]).double()[:, None]  # rows 0 and 3 have gone too far
    batch = replace(batch, old_logprobs=moved)

    def gradient(loss, batch):
        logprobs = moved.clone().requires_grad_()
        value, stats = loss(PolicyOutputs(logprobs), batch, loss.count(batch), Coefficients())
        value.backward()
        return logprobs.grad, stats

    found, stats = gradient(ClippedLoss(off_policy_mask=OffPolicyMask(0.5)), batch)
    kept = torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0]).double()
    expected, _ = gradient(ClippedLoss(), replace(batch, advantages=batch.advantages * kept))
    assert_close(found, expected)
    tokens = batch.completion_mask.sum(1) * batch.weights
    share = float(((1 - kept) * tokens).sum() / tokens.sum())
    assert float(stats["policy/off_policy_fraction"]) == pytest.approx(share)
