"""Rewards of a response's length: ReVisual-R1's efficient length, DAPO's soft overlong penalty."""

import math

from jaxtyping import Float, Int
from torch import Tensor


def efficient_length_reward(
    lengths: Int[Tensor, " N"], budget: int | float, alpha: float = 0.005, delta: float = 0.5
) -> Float[Tensor, " N"]:
    """Return clip(alpha * (budget - length) + delta, 0, 1) of N lengths in tokens (arXiv 2506.04207, eq. 5 and 6).

    With the paper's alpha and delta it is 1 up to 100 tokens below the budget and 0 from 100 above it.

    >>> import torch
    >>> efficient_length_reward(torch.tensor([100, 950, 1000, 4000]), budget=1000).tolist()
    [1.0, 0.75, 0.5, 0.0]
    """
    if not (math.isfinite(budget) and math.isfinite(alpha) and math.isfinite(delta)):
        raise ValueError(f"budget, alpha and delta must be finite, not {budget}, {alpha} and {delta}")
    return (alpha * (budget - lengths).float() + delta).clamp(0, 1)


def soft_overlong_penalty(lengths: Int[Tensor, " N"], limit: int, margin: int) -> Float[Tensor, " N"]:
    """Return 0 up to limit - margin tokens, falling from there to -1 at `limit`, and -1 beyond (arXiv 2503.14476).

    >>> import torch
    >>> soft_overlong_penalty(torch.tensor([100, 600, 750, 1000, 1200]), limit=1000, margin=400).tolist()
    [0.0, 0.0, -0.375, -1.0, -1.0]
    """
    if not 0 < margin <= limit:
        raise ValueError(f"need 0 < margin <= limit, not margin {margin} and limit {limit}")
    return ((limit - margin - lengths).float() / margin).clamp(-1, 0)
