"""What reward callbacks build on: Lightning callbacks that see rollouts between generation and update."""

from dataclasses import replace
from typing import Any

from jaxtyping import Float, Int
from lightning.pytorch import Callback, Trainer
from torch import Tensor

from revisual.rl.batch import RolloutBatch

Rows = Int[Tensor, " M"]
"""Numbers of rows of a batch."""
Weights = Float[Tensor, " M"]


class RewardCallback(Callback):
    """Sees every batch of rollouts. List it under `trainer.callbacks`; callbacks run in the order of that list."""

    needs_reference = False
    """Whether it asks the policy that the run began from."""

    def on_rollout(self, trainer: Trainer, module: Any, batch: RolloutBatch) -> RolloutBatch:
        """Change a batch before advantages are computed; return it, perhaps with another reward term."""
        return batch

    def on_selection(self, trainer: Trainer, module: Any, batch: RolloutBatch, indices: Rows, weights: Weights) -> None:
        """Act when the filter has chosen the rows `indices` of `batch`, whose advantages are set."""


def add_reward_term(batch: RolloutBatch, name: str, values: Float[Tensor, " N"], weight: float) -> RolloutBatch:
    """Return the batch with reward term `name` added to its rewards at `weight`.

    Raises:
        ValueError: the batch has a term of that name.
    """
    if name in batch.reward_terms:
        raise ValueError(f"reward term {name!r} is there already: give one of the two another name")
    values = values.to(batch.rewards)
    terms = {**batch.reward_terms, name: values}
    weights = {**batch.term_weights, name: weight}
    return replace(batch, reward_terms=terms, term_weights=weights, rewards=batch.rewards + weight * values)
