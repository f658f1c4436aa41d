"""What losses with an objective per token share: aggregation, KL and entropy terms, importance weights, statistics."""

from abc import abstractmethod
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from revisual.rl.aggregation import LossAggregation, TokenMean
from revisual.rl.batch import PolicyOutputs, RolloutBatch
from revisual.rl.importance import ImportanceWeights
from revisual.rl.kl import K3, KLEstimator
from revisual.rl.losses.base import Coefficients, PolicyLoss
from revisual.rl.off_policy_mask import OffPolicyMask

PerToken = Float[Tensor, "N T"]
PerRow = Float[Tensor, "N 1"]
TokenMask = Bool[Tensor, "N T"]


@dataclass(frozen=True)
class Objective:
    """What each token contributes to the objective, before KL, entropy and importance weights."""

    value: PerToken
    """To be maximized."""
    ratio: PerToken
    """Of the policy to the one that sampled, to be logged."""
    clipped: TokenMask
    """Where a bound has changed the value, to be logged."""


@dataclass(frozen=True)
class TokenLoss(PolicyLoss):
    """A loss that subclasses define by one method, `objective`.

    loss = sum(w * (-objective + kl * KL(policy || reference) - entropy * H)) / count, where `aggregation` gives w and
    count.

    Args:
        aggregation: what counts equally, a token or a sequence.
        kl_estimator: of the KL term.
        importance: weighs the objective where the rollouts' engine and the trainer differ; null: they do not.
        off_policy_mask: drops bad sequences that the policy has moved far away from; null: none.
    """

    aggregation: LossAggregation = field(default_factory=TokenMean)
    kl_estimator: KLEstimator = field(default_factory=K3)
    importance: ImportanceWeights | None = None
    off_policy_mask: OffPolicyMask | None = None

    @abstractmethod
    def objective(self, logprobs: PerToken, old_logprobs: PerToken, advantages: PerRow, mask: TokenMask) -> Objective:
        """Return each token's objective.

        Args:
            logprobs: log-probabilities of the sampled tokens under the policy; 0 off the mask.
            old_logprobs: the same under the policy that the rollouts were drawn with, without gradient.
            advantages: one per sequence.
            mask: which tokens were sampled.
        """

    @property
    def corrects_sampling(self) -> bool:
        """Whether importance weights are given."""
        return self.importance is not None

    def count(self, batch: RolloutBatch) -> Float[Tensor, ""]:
        """Return tokens or sequences, times weights, as `aggregation` says."""
        return self.aggregation.count(batch.completion_mask, batch.weights)

    def __call__(
        self, outputs: PolicyOutputs, batch: RolloutBatch, count: Float[Tensor, ""], coefficients: Coefficients
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """Return the loss and its statistics, `policy/...`: each a mean as `aggregation` weighs it."""
        if batch.advantages is None:
            raise ValueError("the batch has no advantages")
        mask = batch.completion_mask
        logprobs = zero_off_mask(outputs.logprobs, mask)
        old = logprobs.detach() if batch.old_logprobs is None else zero_off_mask(batch.old_logprobs, mask)
        objective = self.objective(logprobs, old, batch.advantages.to(logprobs.dtype)[:, None], mask)
        logged = {
            "policy/clip_fraction": objective.clipped.to(logprobs.dtype),
            "policy/ratio": objective.ratio,
            "policy/approx_kl": K3()(old, logprobs),
        }
        value = objective.value
        if self.importance is not None:
            weights = self.importance(old - zero_off_mask(batch.rollout_logprobs, mask), mask)
            value = value * weights
            logged["policy/importance_weight"] = weights
        if self.off_policy_mask is not None:
            moved = logprobs - zero_off_mask(batch.rollout_logprobs, mask)
            keep = self.off_policy_mask(moved, batch.advantages.to(logprobs.dtype)[:, None], mask)
            value = value * keep
            logged["policy/off_policy_fraction"] = (1 - keep).expand_as(value)
        penalty, terms = self.penalty(logprobs, outputs, batch, coefficients)
        divisor = torch.where(count > 0, count, torch.ones_like(count))
        loss = ((penalty - value) * self.aggregation.token_weights(mask, batch.weights)).sum() / divisor
        mean = self.aggregation.mean_weights(mask, batch.weights) / divisor
        return loss, {name: (each.detach() * mean).sum() for name, each in (logged | terms).items()}

    def penalty(
        self,
        logprobs: Float[Tensor, "N T"],
        outputs: PolicyOutputs,
        batch: RolloutBatch,
        coefficients: Coefficients,
    ) -> tuple[Float[Tensor, "N T"], dict[str, Float[Tensor, "N T"]]]:
        """Return each token's KL and entropy terms, and what there is to log of both."""
        if coefficients.kl != 0 and batch.reference_logprobs is None:
            raise ValueError(f"a KL coefficient of {coefficients.kl} needs the reference's log-probabilities")
        if coefficients.entropy != 0 and outputs.entropy is None:
            raise ValueError(f"an entropy coefficient of {coefficients.entropy} needs the policy's entropy")
        penalty, logged = torch.zeros_like(logprobs), {}
        if batch.reference_logprobs is not None:
            reference = zero_off_mask(batch.reference_logprobs, batch.completion_mask)
            logged["policy/kl"] = self.kl_estimator(logprobs, reference)
        if outputs.entropy is not None:
            logged["policy/entropy"] = zero_off_mask(outputs.entropy, batch.completion_mask)
        if coefficients.kl != 0:
            penalty = penalty + coefficients.kl * logged["policy/kl"]
        if coefficients.entropy != 0:
            penalty = penalty - coefficients.entropy * logged["policy/entropy"]
        return penalty, logged


def zero_off_mask(values: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
    """Return values in float32 or better, 0 off the mask whatever stands there: NaN * 0 would be NaN."""
    return torch.where(mask, values, 0.0).to(torch.promote_types(values.dtype, torch.float32))
