"""GSPO's loss."""

from dataclasses import dataclass, field

from revisual.core.ranges import Fraction
from revisual.rl.aggregation import LossAggregation, SequenceMean
from revisual.rl.losses.clipping_loss import ClippingLoss
from revisual.rl.losses.token_loss import PerToken, TokenMask


@dataclass(frozen=True)
class SequenceRatioLoss(ClippingLoss):
    """GSPO (arXiv 2507.18071): one ratio per sequence, the geometric mean of its tokens', clipped as a whole.

    Token log-ratios 0.02 and 0.04 give both tokens the ratio exp(0.03). Such ratios are close to 1, and so are the
    clips: the paper's are the defaults.

    Args:
        clip_low: how far below 1 a sequence's ratio may fall; 3e-4 is the paper's.
        clip_high: how far above 1 it may rise; 4e-4 is the paper's.
    """

    clip_low: Fraction = 3e-4
    clip_high: Fraction = 4e-4
    aggregation: LossAggregation = field(default_factory=SequenceMean)

    def log_ratio(self, token_log_ratios: PerToken, mask: TokenMask) -> PerToken:
        """Return the sequence's, the mean of its tokens', for each of them."""
        mean = token_log_ratios.sum(1) / mask.sum(1).clamp(min=1)
        return mean[:, None].expand_as(token_log_ratios)
