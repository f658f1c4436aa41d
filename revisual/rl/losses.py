"""The policy's loss: clipped surrogate, KL and entropy terms, as pure functions of a batch and the policy's outputs."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from revisual.rl.aggregation import LossAggregation, SequenceMean, TokenMean
from revisual.rl.batch import PolicyOutputs, RolloutBatch
from revisual.rl.importance import ImportanceWeights
from revisual.rl.kl import K3, KLEstimator

LOG_RATIO_LIMIT = 20.0
"""Log-ratios are held within +-this, with no gradient beyond: exp would overflow, and 0 * inf is NaN."""


@dataclass(frozen=True)
class Coefficients:
    """Of the terms beside the surrogate, at one rollout step. ReVisual-R1's text stage: kl=0.002, entropy <= 0.02."""

    kl: float = 0.0
    entropy: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.kl) and math.isfinite(self.entropy)):
            raise ValueError(f"coefficients must be finite, not kl={self.kl}, entropy={self.entropy}")


class PolicyLoss(ABC):
    """loss = sum over this micro-batch / `count`, where `count` is of the whole optimizer step and of all ranks."""

    @property
    def corrects_sampling(self) -> bool:
        """Whether rollouts may come from another distribution than the policy's, such as its nucleus."""
        return False

    @abstractmethod
    def count(self, batch: RolloutBatch) -> Float[Tensor, ""]:
        """This batch's share of `count`: add up those of all micro-batches and ranks."""

    @abstractmethod
    def __call__(
        self, outputs: PolicyOutputs, batch: RolloutBatch, count: Float[Tensor, ""], coefficients: Coefficients
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """The loss, and detached statistics; both add up over micro-batches to the step's. A count of 0 gives 0."""


@dataclass(frozen=True)
class RatioLoss(PolicyLoss):
    """What losses on a ratio of the policy to the one that sampled share; `log_ratio` is theirs to define.

    Per token, with ratio s, advantage A and coefficients b, c:
    -min(s * A, clip(s, 1 - clip_low, 1 + clip_high) * A) + b * KL(policy || reference) - c * entropy.

    Args:
        dual_clip: where A < 0, the objective is never below dual_clip * A (arXiv 1912.09729), so that a token that
            the policy now likes far more than when it was sampled cannot dominate; null for none.
        kl: estimator of the KL term.
        importance: weighs the objective where the rollouts' engine and the trainer differ; null: they do not.
    """

    clip_low: float = 0.2
    clip_high: float = 0.2
    dual_clip: float | None = None
    aggregation: LossAggregation = field(default_factory=TokenMean)
    kl: KLEstimator = field(default_factory=K3)
    importance: ImportanceWeights | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.clip_low <= 1 or not self.clip_high >= 0:
            raise ValueError(f"need 0 <= clip_low <= 1 and clip_high >= 0, not {self.clip_low} and {self.clip_high}")
        if self.dual_clip is not None and not self.dual_clip > 1:
            raise ValueError(f"dual_clip must be above 1 or null, not {self.dual_clip}")

    @abstractmethod
    def log_ratio(self, token_log_ratio: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
        """The logarithm of each token's ratio s, from log p(token) - log p_old(token), which is 0 off the mask."""

    @property
    def corrects_sampling(self) -> bool:  # noqa: D102
        return self.importance is not None

    def count(self, batch: RolloutBatch) -> Float[Tensor, ""]:
        """Tokens or sequences, times weights, as `aggregation` says."""
        return self.aggregation.count(batch.completion_mask, batch.weights)

    def __call__(
        self, outputs: PolicyOutputs, batch: RolloutBatch, count: Float[Tensor, ""], coefficients: Coefficients
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """The loss and its statistics, `policy/...`: each a mean as `aggregation` weighs it."""
        if batch.advantages is None:
            raise ValueError("the batch has no advantages")
        mask = batch.completion_mask
        logprobs = _masked(outputs.logprobs, mask)
        old = logprobs.detach() if batch.old_logprobs is None else _masked(batch.old_logprobs, mask)
        token_log_ratio = logprobs - old
        ratio = self.log_ratio(token_log_ratio, mask).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT).exp()
        advantages = batch.advantages.to(ratio.dtype)[:, None]
        objective = self._clip(ratio, advantages)
        penalty, logged = _penalty(self.kl, logprobs, outputs, batch, coefficients)
        logged["policy/clip_fraction"] = (objective != ratio * advantages).to(ratio.dtype)
        if self.importance is not None:
            weights = self.importance(old - _masked(batch.rollout_logprobs, mask), mask)
            objective = objective * weights
            logged["policy/importance_weight"] = weights
        logged["policy/ratio"] = ratio
        logged["policy/approx_kl"] = K3()(old, logprobs)
        divisor = torch.where(count > 0, count, torch.ones_like(count))
        loss = ((penalty - objective) * self.aggregation.token_weights(mask, batch.weights)).sum() / divisor
        mean = self.aggregation.mean_weights(mask, batch.weights) / divisor
        return loss, {name: (value.detach() * mean).sum() for name, value in logged.items()}

    def _clip(self, ratio: Float[Tensor, "N T"], advantages: Float[Tensor, "N 1"]) -> Float[Tensor, "N T"]:
        clipped = ratio.clamp(1 - self.clip_low, 1 + self.clip_high)
        objective = torch.minimum(ratio * advantages, clipped * advantages)
        if self.dual_clip is None:
            return objective
        return torch.where(advantages < 0, torch.maximum(objective, self.dual_clip * advantages), objective)


@dataclass(frozen=True)
class ClippedLoss(RatioLoss):
    """GRPO's clipped surrogate on each token's ratio (arXiv 2402.03300).

    clip_low 0.2, clip_high 0.2: with A = 1 and ratio 1.5 the token's loss is -1.2, with A = -1 it is 1.5. A batch
    without old log-probabilities is on-policy: all ratios are 1, and the gradient is that of -A * log p.
    """

    def log_ratio(self, token_log_ratio: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
        """Each token's own."""
        return token_log_ratio


@dataclass(frozen=True)
class SequenceRatioLoss(RatioLoss):
    """GSPO (arXiv 2507.18071): one ratio per sequence, the geometric mean of its tokens', clipped as a whole.

    Token log-ratios 0.02 and 0.04 give both tokens the ratio exp(0.03). Such ratios are close to 1, and so are the
    clips: the paper's are the defaults.
    """

    clip_low: float = 3e-4
    clip_high: float = 4e-4
    aggregation: LossAggregation = field(default_factory=SequenceMean)

    def log_ratio(self, token_log_ratio: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
        """The mean of the sequence's."""
        mean = token_log_ratio.sum(1) / mask.sum(1).clamp(min=1)
        return mean[:, None].expand_as(token_log_ratio)


def _masked(values: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
    """0 off the mask, whatever stands there, in float32 or better: NaN * 0 would be NaN, and so would its gradient."""
    return torch.where(mask, values, 0.0).to(torch.promote_types(values.dtype, torch.float32))


def _penalty(
    kl: KLEstimator,
    logprobs: Float[Tensor, "N T"],
    outputs: PolicyOutputs,
    batch: RolloutBatch,
    coefficients: Coefficients,
) -> tuple[Float[Tensor, "N T"], dict[str, Float[Tensor, "N T"]]]:
    """The KL and entropy terms, and what there is to log of both."""
    if coefficients.kl != 0 and batch.reference_logprobs is None:
        raise ValueError(f"a KL coefficient of {coefficients.kl} needs the reference's log-probabilities")
    if coefficients.entropy != 0 and outputs.entropy is None:
        raise ValueError(f"an entropy coefficient of {coefficients.entropy} needs the policy's entropy")
    penalty, logged = torch.zeros_like(logprobs), {}
    if batch.reference_logprobs is not None:
        logged["policy/kl"] = kl(logprobs, _masked(batch.reference_logprobs, batch.completion_mask))
    if outputs.entropy is not None:
        logged["policy/entropy"] = _masked(outputs.entropy, batch.completion_mask)
    if coefficients.kl != 0:
        penalty = penalty + coefficients.kl * logged["policy/kl"]
    if coefficients.entropy != 0:
        penalty = penalty - coefficients.entropy * logged["policy/entropy"]
    return penalty, logged
