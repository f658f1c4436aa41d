"""What is logged of rewards, against the rollouts themselves."""

import numpy as np
import pytest
import torch

from revisual.rewards.functions import AccuracyReward, FormatReward, WeightedReward
from revisual.rl.callbacks import RewardCallback, add_reward_term
from training.helpers import Keep, TokenReward, fit, grpo, prompts


class Letters(RewardCallback):
    """A term of a callback's."""

    def on_rollout(self, trainer, module, batch):
        values = torch.tensor([len(text) % 5 / 5 for text in batch.responses])
        return add_reward_term(batch, "letters", values, weight=-0.5)


def test_each_term_and_its_share_of_the_variance(policy_folder, tmp_path):
    weights = {"accuracy": 0.8, "tokens": 0.2, "format": 0.0, "letters": -0.5}
    rewards = {
        "accuracy": WeightedReward(AccuracyReward(), 0.8),
        "tokens": WeightedReward(TokenReward(), 0.2),
        "format": WeightedReward(FormatReward(), 0.0),
    }
    keep = Keep()
    run = fit(grpo(policy_folder, rewards=rewards), prompts(), tmp_path, 1, callbacks=[Letters(), keep])
    (batch, _, _), (row,) = keep.kept[0], [row for _, row in run.log.rows if "reward/mean" in row]
    assert dict(batch.term_weights) == weights
    terms = {name: weights[name] * values.double().numpy() for name, values in batch.reward_terms.items()}
    for name in terms:
        assert row[f"reward/{name}"] == pytest.approx(float(batch.reward_terms[name].mean()), abs=1e-6)
        for prompt in range(len(batch.prompts)):
            terms[name][batch.prompt_index == prompt] -= terms[name][batch.prompt_index == prompt].mean()
    total = np.sum(list(terms.values()), axis=0)
    shares = {name: float(np.mean(values * total) / np.mean(total**2)) for name, values in terms.items()}
    assert {name: row[f"reward/{name}_variance_share"] for name in terms} == pytest.approx(shares, abs=1e-5)
    assert shares["format"] == 0.0 and shares["letters"] != 0.0 and sum(shares.values()) == pytest.approx(1.0)
