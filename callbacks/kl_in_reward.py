"""The KL divergence from a reference, taken off the reward."""

from typing import Any

from lightning.pytorch import Trainer

from revisual.core.ranges import PositiveFloat, check_ranges
from revisual.rl.batch import RolloutBatch
from revisual.rl.callbacks import RewardCallback, add_reward_term
from revisual.rl.losses.token_loss import zero_off_mask
from revisual.training.scoring import score_by_reference


class KLInReward(RewardCallback):
    """Takes `coef * sum_t (log p - log p_reference)` off every rollout's reward.

    RLOO (arXiv 2402.14740) and REINFORCE++ (arXiv 2501.03262): the estimator k1 of a whole sequence, without gradient;
    p is what sampled the rollout, the reference the policy that the run began from. It costs a forward pass over the
    rollouts. A KL term in the loss (`kl_coef`) is another thing, whose coefficient means something else.

    Args:
        coef: what a nat of the sequence's KL costs.
    """

    needs_reference = True

    def __init__(self, coef: PositiveFloat = 0.05) -> None:
        self.coef = coef
        check_ranges(self)

    def on_rollout(self, trainer: Trainer, module: Any, batch: RolloutBatch) -> RolloutBatch:
        """Add the term `kl`."""
        reference = zero_off_mask(score_by_reference(module, batch), batch.completion_mask)
        sampled = zero_off_mask(batch.rollout_logprobs, batch.completion_mask)
        return add_reward_term(batch, "kl", (sampled - reference).sum(1), -self.coef)
