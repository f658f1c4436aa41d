"""The efficient-length reward."""

from dataclasses import replace

import pytest
import torch
from rl.helpers import random_batch
from training.helpers import Keep, KeepNothing, fit, grpo, prompts, quiet_trainer

from revisual.callbacks import LengthReward
from revisual.rl.callbacks import add_reward_term


def test_length_reward_by_hand():
    batch = random_batch(0, [1, 3, 5, 8])
    batch = replace(batch, reward_terms={})
    after = LengthReward(weight=0.5, budget=4.0, alpha=0.2, delta=0.5).on_rollout(quiet_trainer(), None, batch)
    expected = torch.tensor([1.0, 0.7, 0.3, 0.0], dtype=torch.float64)
    torch.testing.assert_close(after.reward_terms["length"], expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(after.rewards, batch.rewards + 0.5 * expected, atol=1e-6, rtol=0)


def test_the_default_budget_is_the_runs_limit(policy_folder, tmp_path):
    keep = Keep()
    fit(
        grpo(policy_folder, advantage_filter=KeepNothing()),
        prompts(),
        tmp_path,
        1,
        [LengthReward(1.0, alpha=0.1), keep],
    )
    batch = keep.kept[0][0]
    lengths = batch.completion_mask.sum(1).float()
    torch.testing.assert_close(batch.reward_terms["length"], (0.1 * (6 - lengths) + 0.5).clamp(0, 1))
    torch.testing.assert_close(batch.rewards, batch.reward_terms["tokens"] + batch.reward_terms["length"])


def test_two_terms_of_one_name_are_refused():
    batch = random_batch(0, [1, 2])
    with pytest.raises(ValueError, match="reward term 'length' is there already"):
        add_reward_term(batch, "length", torch.ones(2), 1.0)
    with pytest.raises(ValueError, match="length"):
        LengthReward(budget=4.0).on_rollout(quiet_trainer(), None, batch)
