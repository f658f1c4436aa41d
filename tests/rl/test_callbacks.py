"""A user's own reward callback."""

import pytest
import torch
from training.helpers import Keep, fit, grpo, prompts

from revisual.rl.callbacks import RewardCallback, add_reward_term


class Vowels(RewardCallback):
    """A user's own: pays for the letter a, and watches the selection."""

    def __init__(self):
        self.selected = []

    def on_rollout(self, trainer, module, batch):
        return add_reward_term(batch, "vowels", torch.tensor([float(r.count("a")) for r in batch.responses]), 2.0)

    def on_selection(self, trainer, module, batch, indices, weights):
        self.selected.append((batch.rewards.clone(), batch.advantages.clone(), indices, weights))


def test_a_users_own_reward_reaches_the_advantages(policy_folder, tmp_path):
    mine, keep = Vowels(), Keep()
    run = fit(grpo(policy_folder), prompts(), tmp_path, 2, [mine, keep])
    assert len(run.log.values("reward/vowels")) == 2
    for (rewards, advantages, _, _), (batch, _, _) in zip(mine.selected, keep.kept, strict=True):
        letters = torch.tensor([float(r.count("a")) for r in batch.responses])
        torch.testing.assert_close(rewards, batch.reward_terms["tokens"] + 2 * letters)
        for group in range(2):
            r = rewards[batch.prompt_index == group]
            expected = (r - r.mean()) / (r.std() + 1e-6)
            torch.testing.assert_close(advantages[batch.prompt_index == group], expected, atol=1e-4, rtol=1e-4)
    assert run.log.values("reward/mean") == pytest.approx([float(r.mean()) for r, *_ in mine.selected], rel=1e-5)
