"""The contract of policy losses: pure functions of a batch of rollouts and the policy's outputs."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from revisual.core.ranges import Ranged
from revisual.rl.batch import PolicyOutputs, RolloutBatch


@dataclass(frozen=True)
class Coefficients:
    """Of the terms beside the surrogate, at one rollout step. ReVisual-R1's text stage: kl=0.002, entropy <= 0.02."""

    kl: float = 0.0
    """Of the KL divergence from the reference."""
    entropy: float = 0.0
    """Of the entropy, which the loss rewards."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.kl) and math.isfinite(self.entropy)):
            raise ValueError(f"coefficients must be finite, not kl={self.kl}, entropy={self.entropy}")


class PolicyLoss(Ranged, ABC):
    """loss = sum over the rollouts of a pass / `count`, where `count` is of a whole update and of all ranks."""

    @property
    def corrects_sampling(self) -> bool:
        """Whether rollouts may come from another distribution than the policy's, such as its nucleus."""
        return False

    @abstractmethod
    def count(self, batch: RolloutBatch) -> Float[Tensor, ""]:
        """Return this batch's share of `count`: the shares of all passes and ranks add up to it."""

    @abstractmethod
    def __call__(
        self, outputs: PolicyOutputs, batch: RolloutBatch, count: Float[Tensor, ""], coefficients: Coefficients
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """Return the loss and detached statistics; both add up over passes to the update's. A count of 0 gives 0."""
