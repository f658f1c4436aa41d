"""A reward, a filter and a callback of one's own."""

from dataclasses import dataclass

import torch
from lightning.pytorch import Callback

from revisual.rewards.functions import RewardFunction, RewardScores
from revisual.rl.filters import AdvantageFilter, Selection


@dataclass(frozen=True)
class Digits(RewardFunction):
    """The share of characters that are digits, where there are enough of them."""

    at_least: int = 1

    def __call__(self, responses, grades):
        """Score by counting."""
        counts = [sum(map(str.isdigit, one.text)) for one in responses]
        scores = [
            count / max(1, len(one.text)) if count >= self.at_least else 0.0
            for count, one in zip(counts, responses, strict=True)
        ]
        return RewardScores(scores, [None] * len(scores))


@dataclass(frozen=True)
class Largest(AdvantageFilter):
    """The rows of the largest advantages."""

    most: int = 4

    def __call__(self, candidates):
        """Select them."""
        number = min(self.most, len(candidates))
        rows = candidates.advantages.abs().topk(number).indices.sort().values
        return Selection(rows, torch.ones(number))


class Steps(Callback):
    """Prints each optimizer step."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        """Print it."""
        print(f"own callback: step {trainer.global_step}", flush=True)
