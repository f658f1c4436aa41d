"""How far the policy is from a reference, estimated from the tokens that the policy sampled.

John Schulman, "Approximating KL divergence" (2020). With samples of the policy, K1 and K3 are unbiased for
KL(policy || reference).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from revisual.core.ranges import PositiveOrInfinite, Ranged


class KLEstimator(Ranged, ABC):
    """Log-probabilities [N, T] of the sampled tokens under policy and reference to an estimate per token [N, T]."""

    @abstractmethod
    def __call__(
        self, logprobs: Float[Tensor, "N T"], reference_logprobs: Float[Tensor, "N T"]
    ) -> Float[Tensor, "N T"]:
        """Return an estimate per token [N, T]."""


@dataclass(frozen=True)
class K1(KLEstimator):
    """log(p / q): unbiased, of high variance, often negative. For p = 0.5, q = 0.25: log 2 = 0.693."""

    def __call__(
        self, logprobs: Float[Tensor, "N T"], reference_logprobs: Float[Tensor, "N T"]
    ) -> Float[Tensor, "N T"]:
        """Return log(p / q)."""
        return logprobs - reference_logprobs


@dataclass(frozen=True)
class K2(KLEstimator):
    """log(p / q)^2 / 2: biased, of low variance, never negative. For p = 0.5, q = 0.25: 0.240."""

    def __call__(
        self, logprobs: Float[Tensor, "N T"], reference_logprobs: Float[Tensor, "N T"]
    ) -> Float[Tensor, "N T"]:
        """Return log(p / q)^2 / 2."""
        return 0.5 * (logprobs - reference_logprobs).square()


@dataclass(frozen=True)
class K3(KLEstimator):
    """q / p - 1 - log(q / p): unbiased, of low variance, never negative; GRPO's, elsewhere `low_var_kl`.

    For p = 0.5, q = 0.25: 0.5 - 1 + log 2 = 0.193. log(q / p) is held within +-`clamp`, with no gradient beyond, so
    that a token the policy has nearly lost cannot overflow; infinity for no such limit.

    Args:
        clamp: largest size of log(q / p) that has a gradient; infinity for no limit.
    """

    clamp: PositiveOrInfinite = 20.0

    def __call__(
        self, logprobs: Float[Tensor, "N T"], reference_logprobs: Float[Tensor, "N T"]
    ) -> Float[Tensor, "N T"]:
        """Return q / p - 1 - log(q / p)."""
        log_ratio = (reference_logprobs - logprobs).clamp(-self.clamp, self.clamp)
        return torch.expm1(log_ratio) - log_ratio
