"""PPO's clipped surrogate of a ratio and an advantage."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from revisual.rl.losses.token_loss import Objective

LOG_RATIO_LIMIT = 20.0
"""Log-ratios are held within +-this, with no gradient beyond: exp would overflow, and 0 * inf is NaN."""


def bounded_ratio(log_ratio: Float[Tensor, "N T"]) -> Float[Tensor, "N T"]:
    """Return the ratios of log-ratios that are held within `LOG_RATIO_LIMIT`."""
    return log_ratio.clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT).exp()


@dataclass(frozen=True)
class Clip:
    """min(s * A, clip(s, 1 - low, 1 + high) * A) of a ratio s and an advantage A (PPO, arXiv 1707.06347).

    Args:
        low: how far below 1 the ratio may fall.
        high: how far above 1 it may rise.
        dual: where A < 0, the objective is never below dual * A (arXiv 1912.09729), so that a token that the policy
            now likes far more than when it was sampled cannot dominate; null for none.
    """

    low: float
    high: float
    dual: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.low <= 1 or not self.high >= 0:
            raise ValueError(f"need 0 <= clip_low <= 1 and clip_high >= 0, not {self.low} and {self.high}")
        if self.dual is not None and not self.dual > 1:
            raise ValueError(f"dual_clip must be above 1 or null, not {self.dual}")

    def __call__(self, log_ratio: Float[Tensor, "N T"], advantages: Float[Tensor, "N 1"]) -> Objective:
        """Return the objective of each token's ratio exp(log_ratio)."""
        ratio = bounded_ratio(log_ratio)
        plain = ratio * advantages
        value = torch.minimum(plain, ratio.clamp(1 - self.low, 1 + self.high) * advantages)
        if self.dual is not None:
            value = torch.where(advantages < 0, torch.maximum(value, self.dual * advantages), value)
        return Objective(value, ratio, clipped=value != plain)
