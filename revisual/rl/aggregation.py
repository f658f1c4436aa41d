"""From a number per token to one loss: what counts equally, a token or a sequence."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from revisual.core.ranges import PositiveInt, Ranged


class LossAggregation(Ranged, ABC):
    """loss = sum(per_token * token_weights) / count, for a mask [N, T] of sampled tokens and row weights [N].

    Sums and counts of micro-batches add up to those of the whole, so that with the count of a whole optimizer step
    neither the micro-batches nor the ranks it is split into change the loss. A row with no tokens adds nothing.
    """

    @abstractmethod
    def token_weights(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, "N T"]:
        """Return the factor of each token's term: 0 where `mask` is false."""

    @abstractmethod
    def count(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, ""]:
        """Return the divisor of the sum."""

    def mean_weights(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, "N T"]:
        """Return the weights of logged means: as `token_weights`, but such that they always sum to `count`."""
        return self.token_weights(mask, weights)


@dataclass(frozen=True)
class TokenMean(LossAggregation):
    """Every token counts equally (DAPO, arXiv 2503.14476): rows of 3 and 1 tokens count 3/4 and 1/4."""

    def token_weights(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, "N T"]:
        """Return the row's weight."""
        return mask * weights[:, None]

    def count(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, ""]:
        """Count tokens, times their row's weight."""
        return (mask.sum(1) * weights).sum()


@dataclass(frozen=True)
class SequenceMean(LossAggregation):
    """Every sequence counts equally, as the mean of its tokens (GRPO, arXiv 2402.03300)."""

    def token_weights(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, "N T"]:
        """Return the row's weight over its length."""
        return mask * (weights / mask.sum(1).clamp(min=1))[:, None]

    def count(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, ""]:
        """Count rows that have tokens, times their weights."""
        return (mask.any(1) * weights).sum()


@dataclass(frozen=True)
class ConstantLength(LossAggregation):
    """Every sequence's sum over the same `length`, such as the longest allowed (Dr. GRPO, arXiv 2503.20783).

    With length 8, rows of 3 and 1 tokens have token weights 1/8 and count 2: unlike a mean, a long wrong answer is
    punished no less per token than a short one, and tokens of all steps count equally.

    Args:
        length: in tokens, what each sequence's sum is divided by.
    """

    length: PositiveInt

    def token_weights(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, "N T"]:
        """Return the row's weight over `length`."""
        return mask * (weights / self.length)[:, None]

    def count(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, ""]:
        """Count rows that have tokens, times their weights."""
        return SequenceMean().count(mask, weights)

    def mean_weights(self, mask: Bool[Tensor, "N T"], weights: Float[Tensor, " N"]) -> Float[Tensor, "N T"]:
        """Raise an error: sequence means over a constant are no mean."""
        return SequenceMean().token_weights(mask, weights)
