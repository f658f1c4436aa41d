"""Weights for the difference between what a rollout was drawn from and what the trainer says of it.

An engine computes the same policy with other kernels, or in lower precision, or draws from its nucleus only: its
samples then are not the policy's, and the gradient is biased. Weighting by p_trainer / p_engine mends that; cutting
the weights off bounds their variance (truncated importance sampling, Ionides 2008, section 2).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from revisual.core.ranges import NonNegativeFloat, PositiveOrInfinite, Ranged, check_order


class ImportanceWeights(Ranged, ABC):
    """From log(p_trainer / p_engine) of the sampled tokens to the weight of each token's objective."""

    @abstractmethod
    def __call__(self, log_ratio: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
        """Return weights without gradient; `log_ratio` is 0 off the mask."""


@dataclass(frozen=True)
class TokenImportance(ImportanceWeights):
    """min(p_trainer / p_engine, cap) of each token by itself.

    With cap 2 the log-ratios 0.1 and 1.0 give the weights 1.105 and 2.

    Args:
        cap: largest weight of a token.
    """

    cap: PositiveOrInfinite = 2.0

    def __call__(self, log_ratio: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
        """Return each token's own weight."""
        return _cap(log_ratio.detach(), self.cap)


@dataclass(frozen=True)
class SequenceImportance(ImportanceWeights):
    """min(p_trainer / p_engine, cap) of the whole sequence, for each of its tokens: unbiased but for the cap.

    With cap 2 the log-ratios 0.1 and 0.2 of a sequence of two tokens give both the weight exp(0.3) = 1.35.

    Args:
        cap: largest weight of a sequence.
    """

    cap: PositiveOrInfinite = 2.0

    def __call__(self, log_ratio: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
        """Return the sequence's weight, for each of its tokens."""
        total = log_ratio.detach().where(mask, 0.0).sum(1, keepdim=True)
        return _cap(total, self.cap).expand_as(log_ratio)


@dataclass(frozen=True)
class Band(ImportanceWeights):
    """Weights that depend on whether a ratio lies within a band, ends included.

    Args:
        low: smallest ratio that is kept, a token's or a sequence's mean.
        high: largest ratio that is kept, likewise.
    """

    low: NonNegativeFloat
    high: PositiveOrInfinite

    def __post_init__(self) -> None:
        super().__post_init__()
        check_order(self, "low", "high")

    def holds(self, ratio: Float[Tensor, "N _"]) -> Bool[Tensor, "N _"]:
        """Return which ratios lie within."""
        return (ratio >= self.low) & (ratio <= self.high)


@dataclass(frozen=True)
class BandedImportance(Band):
    """p_trainer / p_engine of each token where it lies within a band, and 0 outside of it.

    IcePop (Ring-1T, arXiv 2510.18855), whose band is the default; with low 0 it is masked importance sampling. With the
    default, log-ratios 0.1, 1.0 and -1.0 give 1.105, 2.718 and 0. A token of weight 0 still counts in the loss's mean.
    """

    low: NonNegativeFloat = 0.5
    high: PositiveOrInfinite = 5.0

    def __call__(self, log_ratio: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
        """Return each token's own weight, or 0."""
        weight = log_ratio.detach().exp()
        return torch.where(self.holds(weight), weight, 0.0)


@dataclass(frozen=True)
class SequenceBand(Band):
    """1 for the tokens of a sequence whose mean ratio lies within a band, and 0 for those of all others.

    The mean is the geometric one, exp(mean of the log-ratios), which does not grow with the length: 500 tokens that are
    off by 0.01 each have a product of 148 and a mean of 1.01. A sequence of weight 0 still counts in the loss's mean.
    """

    low: NonNegativeFloat = 0.999
    high: PositiveOrInfinite = 1.001

    def __call__(self, log_ratio: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
        """Return 1 or 0, the same for all tokens of a sequence."""
        total = log_ratio.detach().where(mask, 0.0).sum(1, keepdim=True)
        mean = (total / mask.sum(1, keepdim=True).clamp(min=1)).exp()
        return self.holds(mean).to(log_ratio.dtype).expand_as(log_ratio)


def _cap(log_ratio: Float[Tensor, "N T"], cap: float) -> Float[Tensor, "N T"]:
    # Capped before exp, which would overflow where an engine thinks a token impossible.
    return log_ratio.clamp(max=torch.tensor(cap).log().item()).exp()
