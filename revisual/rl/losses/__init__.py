"""Policy losses: a surrogate of the ratio of policies, KL and entropy terms."""

from revisual.rl.losses.base import Coefficients, PolicyLoss
from revisual.rl.losses.cispo import CISPOLoss
from revisual.rl.losses.clipped import ClippedLoss
from revisual.rl.losses.sapo import SAPOLoss
from revisual.rl.losses.sequence_ratio import SequenceRatioLoss
from revisual.rl.losses.token_loss import Objective, TokenLoss

__all__ = [
    "CISPOLoss", "ClippedLoss", "Coefficients", "Objective", "PolicyLoss", "SAPOLoss", "SequenceRatioLoss", "TokenLoss",
]  # fmt: skip
