"""CISPO's loss."""

from dataclasses import dataclass

import torch

from revisual.core.ranges import PositiveOrInfinite
from revisual.rl.losses.clipping import bounded_ratio
from revisual.rl.losses.token_loss import Objective, PerRow, PerToken, TokenLoss, TokenMask


@dataclass(frozen=True)
class CISPOLoss(TokenLoss):
    """CISPO (MiniMax-M1, arXiv 2506.13585, equations 4 and 5): the ratio is a bounded weight, and no token is dropped.

    A token's objective is sg(min(ratio, max_weight)) * A * log p, where sg has no gradient: a token that PPO's clip
    leaves without a gradient keeps one, with the weight at its bound. As in the paper there is no lower bound.

    Args:
        max_weight: largest ratio that a token is weighed by: 1 + epsilon_high in the paper, which gives no value.
            5 is what ScaleRL (arXiv 2510.13786) and TRL advise.
    """

    max_weight: PositiveOrInfinite = 5.0

    def objective(self, logprobs: PerToken, old_logprobs: PerToken, advantages: PerRow, mask: TokenMask) -> Objective:
        """Weigh each token's log-probability."""
        ratio = bounded_ratio((logprobs - old_logprobs).detach())
        weight = torch.clamp(ratio, max=self.max_weight)
        return Objective(weight * advantages * logprobs, ratio, clipped=ratio > self.max_weight)
