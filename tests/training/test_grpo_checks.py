"""Settings that make no sense together are one line before training."""

import pytest

from revisual.core.errors import UserError
from revisual.rl.importance import SequenceImportance, TokenImportance
from revisual.rl.losses import ClippedLoss

from .helpers import grpo

CORRECTED = ClippedLoss(importance=TokenImportance())


@pytest.mark.parametrize("updates", [1, 3])
def test_iterations_must_divide_the_updates(policy_folder, updates):
    with pytest.raises(UserError, match=rf"updates_per_rollout, {updates}, must be a multiple of .*num_iterations, 2"):
        grpo(policy_folder, updates_per_rollout=updates, num_iterations=2)


def test_iterations_that_divide_the_updates_are_taken(policy_folder):
    assert grpo(policy_folder, updates_per_rollout=4, num_iterations=2).num_iterations == 2


def test_a_nucleus_needs_a_loss_that_corrects_for_it(policy_folder):
    with pytest.raises(UserError, match=r"model\.sampling\.top_p: 0\.9 draws from a nucleus"):
        grpo(policy_folder, top_p=0.9)
    for importance in (TokenImportance(), SequenceImportance()):
        assert grpo(policy_folder, top_p=0.9, loss=ClippedLoss(importance=importance)).sampling.top_p == 0.9


def test_an_engine_with_the_trainers_own_weights_cannot_draw_ahead(policy_folder):
    with pytest.raises(UserError, match=r"model\.max_staleness: 1 .*VLLMServerRollout"):
        grpo(policy_folder, max_staleness=1, loss=CORRECTED)
