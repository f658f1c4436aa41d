"""Whether the engine that samples and the trainer that learns are the same policy."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from revisual.core.errors import UserError
from revisual.rl.batch import RolloutBatch
from revisual.rl.kl import K3

NO_GAPS = dict.fromkeys(("rollout/logprob_gap", "rollout/logprob_gap_mean", "rollout/logprob_kl"), 0.0)
"""Of no tokens."""


@dataclass(frozen=True)
class EngineCheck:
    """Compares the log-probs of a few rollouts at the start of a run and every `every` rollout steps.

    Bounds of null are those for the policy's precision: in float32 a largest gap of 1e-4, else a mean gap of 0.03 and
    a KL of 0.015 nats per token.

    Args:
        every: rollout steps from one comparison to the next; 0: never.
        num_rollouts: rollouts of each rank that are compared.
        largest: largest gap of a token's log-probs, in nats, that lets the run go on.
        mean: largest mean gap, in nats.
        kl: largest KL per token, in nats.
    """

    every: int = 50
    num_rollouts: int = 4
    largest: float | None = None
    mean: float | None = None
    kl: float | None = None

    def is_due(self, step: int, checked: bool) -> bool:
        """Return whether rollout step `step` is compared; `checked`: this run has compared one already."""
        return self.every > 0 and (not checked or step % self.every == 0)

    def choose(self, batch: RolloutBatch) -> RolloutBatch:
        """Return the valid rollouts that are compared, spread over the batch; none if none is valid."""
        valid = torch.nonzero(batch.valid)[:, 0]
        return batch.select(valid[torch.linspace(0, len(valid) - 1, min(self.num_rollouts, len(valid))).long()])

    def require(self, gaps: Mapping[str, float], exact: bool) -> None:
        """End the run where a bound is passed.

        Args:
            gaps: what `logprob_gaps` measured, the worst of all ranks.
            exact: whether engine and trainer both compute in float32.

        Raises:
            UserError: a gap is out of bounds, or not a number.
        """
        defaults = (1e-4, None, None) if exact else (None, 0.03, 0.015)
        given = (self.largest, self.mean, self.kl)
        bounds = defaults if given == (None, None, None) else given
        for (name, gap), bound in zip(gaps.items(), bounds, strict=True):
            if bound is not None and not gap <= bound:
                raise UserError(
                    f"{name} is {gap:.3g}, more than {bound:g}: the rollouts' engine and the trainer do not compute "
                    "the same policy (other weights, precision, picture sizes, temperature or banned tokens); "
                    "model.engine_check sets the bounds"
                )


def logprob_gaps(
    trained: Float[Tensor, "N T"], sampled: Float[Tensor, "N T"], mask: Bool[Tensor, "N T"]
) -> dict[str, float]:
    """Return the largest and the mean distance of the trainer's and the engine's log-probs, and their K3 per token.

    Example: trained -1.0 and -2.0, sampled -1.0 and -2.1: 0.1, 0.05, and (exp(0.1) - 0.1 - 1) / 2 = 0.0026.
    """
    if not mask.any():
        return dict(NO_GAPS)
    trained, sampled = trained.double(), sampled.double()
    gap = (trained - sampled).abs()[mask]
    values = (gap.max(), gap.mean(), K3()(sampled, trained)[mask].mean())
    return dict(zip(NO_GAPS, map(float, values), strict=True))
