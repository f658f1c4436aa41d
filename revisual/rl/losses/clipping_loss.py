"""What losses with a clipped ratio share."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated

from revisual.core.ranges import Fraction, Within
from revisual.rl.losses.clipping import Clip
from revisual.rl.losses.token_loss import Objective, PerRow, PerToken, TokenLoss, TokenMask


@dataclass(frozen=True)
class ClippingLoss(TokenLoss):
    """A clipped surrogate on a ratio that subclasses define by one method, `log_ratio`.

    Args:
        clip_low: how far below 1 a ratio may fall.
        clip_high: how far above 1 it may rise.
        dual_clip: where the advantage is negative, the objective is never below dual_clip * advantage, so that a token
            that the policy now likes far more than when it was sampled cannot dominate (arXiv 1912.09729, which has 3);
            null: it may be.
    """

    clip_low: Fraction = 0.2
    clip_high: Fraction = 0.2
    dual_clip: Annotated[float, Within("(1, inf)")] | None = None

    @abstractmethod
    def log_ratio(self, token_log_ratios: PerToken, mask: TokenMask) -> PerToken:
        """Return the logarithm of each token's ratio of policies, from those of the sampled tokens' probabilities."""

    def objective(self, logprobs: PerToken, old_logprobs: PerToken, advantages: PerRow, mask: TokenMask) -> Objective:
        """Clip each token's ratio."""
        clip = Clip(self.clip_low, self.clip_high, self.dual_clip)
        return clip(self.log_ratio(logprobs - old_logprobs, mask), advantages)
