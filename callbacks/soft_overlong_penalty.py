"""DAPO's soft overlong penalty."""

from typing import Annotated, Any

from lightning.pytorch import Trainer

from revisual.core.ranges import PositiveInt, Within, check_ranges
from revisual.rl.batch import RolloutBatch
from revisual.rl.callbacks import RewardCallback, add_reward_term
from revisual.rl.length import soft_overlong_penalty


class SoftOverlongPenalty(RewardCallback):
    """Takes up to `weight` from the reward of a rollout whose length comes near the limit (DAPO, arXiv 2503.14476).

    The term `overlong` is 0 up to `margin` tokens below the limit, falls to -1 at it, and is -1 beyond.

    Args:
        weight: of the term in the reward; the paper: 1.
        margin: in tokens; null: a fifth of the limit, the paper's 4,096 of 20,480.
        limit: in tokens; null follows the run's present limit of new tokens.
    """

    def __init__(
        self,
        weight: Annotated[float, Within("[0, 100]")] = 1.0,
        margin: PositiveInt | None = None,
        limit: PositiveInt | None = None,
    ) -> None:
        self.weight, self.margin, self.limit = weight, margin, limit
        check_ranges(self)

    def on_rollout(self, trainer: Trainer, module: Any, batch: RolloutBatch) -> RolloutBatch:
        """Add the term `overlong`."""
        limit = self.limit or int(module.sampling.max_new_tokens)
        margin = min(limit, self.margin or max(1, limit // 5))
        values = soft_overlong_penalty(batch.completion_mask.sum(1), limit, margin)
        return add_reward_term(batch, "overlong", values, self.weight)
