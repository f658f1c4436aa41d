"""SAPO's loss."""

from dataclasses import dataclass, field

import torch

from revisual.core.ranges import PositiveFloat
from revisual.rl.aggregation import LossAggregation, SequenceMean
from revisual.rl.losses.clipping import bounded_ratio
from revisual.rl.losses.token_loss import Objective, PerRow, PerToken, TokenLoss, TokenMask


@dataclass(frozen=True)
class SAPOLoss(TokenLoss):
    """SAPO (arXiv 2511.20347): a soft gate in place of the clip, whose gradient fades as the ratio leaves 1.

    A token's objective is 4 / tau * sigmoid(tau * (ratio - 1)) * A. At ratio 1 its gradient is that of GRPO; at 1.5,
    with tau 1, it is 0.94 of what it would be without a clip.

    Args:
        tau_positive: how sharply it fades where the advantage is above 0.
        tau_negative: the same where it is below: a little sharper, since such tokens unsettle training more.
    """

    tau_positive: PositiveFloat = 1.0
    tau_negative: PositiveFloat = 1.05
    aggregation: LossAggregation = field(default_factory=SequenceMean)

    def objective(self, logprobs: PerToken, old_logprobs: PerToken, advantages: PerRow, mask: TokenMask) -> Objective:
        """Gate each token's ratio."""
        ratio = bounded_ratio(logprobs - old_logprobs)
        tau = torch.full_like(advantages, self.tau_negative).masked_fill(advantages > 0, self.tau_positive)
        gate = 4 / tau * torch.sigmoid(tau * (ratio - 1))
        return Objective(gate * advantages, ratio, clipped=torch.zeros_like(mask))
