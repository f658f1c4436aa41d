"""ReVisual-R1's efficient-length reward."""

from typing import Annotated, Any

from lightning.pytorch import Trainer

from revisual.core.ranges import Fraction, NonNegativeFloat, PositiveFloat, Within, check_ranges
from revisual.rl.batch import RolloutBatch
from revisual.rl.callbacks import RewardCallback, add_reward_term
from revisual.rl.length import efficient_length_reward


class LengthReward(RewardCallback):
    """Adds `weight * clip(alpha * (budget - length) + delta, 0, 1)` to every rollout's reward.

    ReVisual-R1, equations 5 and 6. Lengths are in tokens. With alpha 0.005 the ramp is 100 tokens wide on both sides
    of the budget, which is made for responses of thousands of tokens.

    Args:
        weight: of the term in the reward (released code: 0.05).
        budget: tokens; the length that gets `delta`; null follows the run's present limit of new tokens.
        alpha: by how much the term falls with each token.
        delta: the term at the budget, before it is weighed.
    """

    def __init__(
        self,
        weight: Annotated[float, Within("[0, 100]")] = 0.05,
        budget: PositiveFloat | None = None,
        alpha: NonNegativeFloat = 0.005,
        delta: Fraction = 0.5,
    ) -> None:
        self.weight, self.budget, self.alpha, self.delta = weight, budget, alpha, delta
        check_ranges(self)

    def on_rollout(self, trainer: Trainer, module: Any, batch: RolloutBatch) -> RolloutBatch:
        """Add the term `length`."""
        budget = self.budget if self.budget is not None else float(module.sampling.max_new_tokens)
        lengths = batch.completion_mask.sum(1)
        values = efficient_length_reward(lengths, budget, self.alpha, self.delta)
        return add_reward_term(batch, "length", values, self.weight)
