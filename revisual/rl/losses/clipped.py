"""GRPO's loss."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from revisual.rl.losses.clipping import Clip
from revisual.rl.losses.token_loss import Objective, TokenLoss


@dataclass(frozen=True)
class ClippedLoss(TokenLoss):
    """GRPO's clipped surrogate on each token's ratio (arXiv 2402.03300).

    clip_low 0.2, clip_high 0.2: with A = 1 and ratio 1.5 the token's loss is -1.2, with A = -1 it is 1.5. A batch
    without old log-probabilities is on-policy: all ratios are 1, and the gradient is that of -A * log p.

    Args:
        clip_low: how far below 1 a token's ratio may fall.
        clip_high: how far above 1 it may rise; DAPO has 0.28.
        dual_clip: see `Clip.dual`; null for none.
        aggregation: what counts equally, a token or a sequence.
        kl_estimator: of the KL term.
        importance: weighs the objective where the rollouts' engine and the trainer differ; null: they do not.
    """

    clip_low: float = 0.2
    clip_high: float = 0.2
    dual_clip: float | None = None

    def __post_init__(self) -> None:
        Clip(self.clip_low, self.clip_high, self.dual_clip)  # refuses what makes no sense

    def objective(
        self,
        logprobs: Float[Tensor, "N T"],
        old_logprobs: Float[Tensor, "N T"],
        advantages: Float[Tensor, "N 1"],
        mask: Bool[Tensor, "N T"],
    ) -> Objective:
        """Clip each token's own ratio."""
        return Clip(self.clip_low, self.clip_high, self.dual_clip)(logprobs - old_logprobs, advantages)
