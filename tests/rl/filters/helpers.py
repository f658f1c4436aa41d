"""Asking a filter with plain numbers."""

import torch

from revisual.rl.advantages import GroupNormalized
from revisual.rl.filters import AdvantageFilter, Candidates


def ask(part: AdvantageFilter, advantages, progress=0.0, seed=0, accuracy=None, prompts=None, generator=None):
    n = len(advantages)
    rows, weights = part(
        Candidates(
            torch.tensor(advantages, dtype=torch.float32),
            torch.tensor(accuracy if accuracy is not None else [i % 2 for i in range(n)], dtype=torch.float32),
            torch.tensor(prompts if prompts is not None else [0] * n, dtype=torch.long),
            progress,
            generator or torch.Generator().manual_seed(seed),
        )
    )
    return rows.tolist(), weights.tolist()


def right_of_eight(right: int) -> list[float]:
    """Advantages of a group of eight of which the first `right` are right."""
    rewards = torch.tensor([1.0] * right + [0.0] * (8 - right))
    return GroupNormalized()(rewards, torch.ones(8, dtype=torch.bool), torch.zeros(8, dtype=torch.long)).tolist()
