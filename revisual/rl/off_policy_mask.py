"""Sequences that the policy has moved too far away from to learn from them that they were bad."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from revisual.core.ranges import NonNegativeFloat, Ranged


@dataclass(frozen=True)
class OffPolicyMask(Ranged):
    """Drop sequences with a negative advantage that the policy now thinks much less likely than what sampled them did.

    M_i = 0 where A_i < 0 and mean_t log(p_sampled / p) > delta, else 1 (DeepSeek-V3.2, arXiv 2512.02556, equations 8
    and 9). What a sequence was sampled from is the engine as it was then, so that staleness and the engine's rounding
    both count. With delta 0.5, log-ratios of -0.4 and -0.8 drop a sequence of two tokens, whose mean is 0.6, if its
    advantage is negative. A dropped sequence still counts in the loss's mean.

    Args:
        delta: largest mean, in nats per token, that a sequence with a negative advantage may have. The paper gives
            none.
    """

    delta: NonNegativeFloat = 0.5

    def __call__(
        self, log_ratio: Float[Tensor, "N T"], advantages: Float[Tensor, "N 1"], mask: Bool[Tensor, "N T"]
    ) -> Float[Tensor, "N 1"]:
        """Return 1 for sequences that are kept, and 0 for others.

        Args:
            log_ratio: log(p / p_sampled) of each token.
            advantages: of each sequence.
            mask: which tokens were sampled.
        """
        total = log_ratio.detach().where(mask, 0.0).sum(1, keepdim=True)
        mean = -total / mask.sum(1, keepdim=True).clamp(min=1)
        return (~((advantages < 0) & (mean > self.delta))).to(log_ratio.dtype)
