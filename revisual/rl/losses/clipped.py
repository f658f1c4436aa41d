"""GRPO's loss."""

from dataclasses import dataclass

from revisual.rl.losses.clipping_loss import ClippingLoss
from revisual.rl.losses.token_loss import PerToken, TokenMask


@dataclass(frozen=True)
class ClippedLoss(ClippingLoss):
    """GRPO's clipped surrogate on each token's ratio (arXiv 2402.03300).

    clip_low 0.2, clip_high 0.2: with A = 1 and ratio 1.5 the token's loss is -1.2, with A = -1 it is 1.5. A batch
    without old log-probabilities is on-policy: all ratios are 1, and the gradient is that of -A * log p.

    Args:
        clip_low: how far below 1 a token's ratio may fall; 0.2 is PPO's.
        clip_high: how far above 1 it may rise; DAPO has 0.28.
    """

    def log_ratio(self, token_log_ratios: PerToken, mask: TokenMask) -> PerToken:
        """Return each token's own."""
        return token_log_ratios
