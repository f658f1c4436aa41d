"""Policy losses: a clipped surrogate, KL and entropy terms."""

from revisual.rl.losses.base import Coefficients, PolicyLoss
from revisual.rl.losses.clipped import ClippedLoss
from revisual.rl.losses.sequence_ratio import SequenceRatioLoss
from revisual.rl.losses.token_loss import Objective, TokenLoss

__all__ = ["ClippedLoss", "Coefficients", "Objective", "PolicyLoss", "SequenceRatioLoss", "TokenLoss"]
