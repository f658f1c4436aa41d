"""The loss of an update over rollouts, and the log-probs that it compares with."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from revisual.rl.batch import RolloutBatch
from revisual.rl.losses import Coefficients
from revisual.training.scoring import score_rollouts
from revisual.training.update import Pass, Update

if TYPE_CHECKING:
    from revisual.training.grpo import GRPOModule


@dataclass(frozen=True)
class RolloutLoss:
    """A policy's loss, with the coefficients of one rollout step.

    Args:
        module: whose policy learns, by its `loss`.
        coefficients: of the terms beside the surrogate.
    """

    module: "GRPOModule"
    coefficients: Coefficients

    def __call__(
        self, one: Pass[RolloutBatch], count: Float[Tensor, ""]
    ) -> tuple[Float[Tensor, ""], Mapping[str, Tensor]]:
        """Return a pass's share of the loss, normalized by `count`, and shares of what is logged."""
        rollouts = one.rows.to(self.module.device)
        entropy_gradient = self.coefficients.entropy != 0
        outputs = score_rollouts(self.module, rollouts, one.uses_vision, entropy_gradient=entropy_gradient)
        return self.module.loss(outputs, rollouts, count, self.coefficients)


@torch.no_grad()
def add_fixed_logprobs(module: "GRPOModule", update: Update[RolloutBatch]) -> Update[RolloutBatch]:
    """Add the log-probs that the loss compares with: before the first update, and of the reference.

    A single update on the policy's own rollouts needs no old ones: they are its own, held constant.
    """

    def logprobs(one: Pass[RolloutBatch], policy: Any = None) -> Float[Tensor, "N T"]:
        return score_rollouts(module, one.rows, one.uses_vision, policy).logprobs

    passes = list(update.passes)
    with module.trainer.precision_plugin.forward_context():
        if module.updates_per_rollout > 1:
            passes = [one.with_rows(old_logprobs=logprobs(one)) for one in passes]
        if module.coefficients.uses_reference:
            with module.reference.active(module.policy, module.device) as reference:
                passes = [one.with_rows(reference_logprobs=logprobs(one, reference)) for one in passes]
    return replace(update, passes=tuple(passes))
