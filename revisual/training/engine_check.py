"""Whether the engine that samples and the trainer that learns are the same policy."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from revisual.core.errors import UserError
from revisual.core.ranges import Count, NonNegativeFloat, NonNegativeInt, PositiveFloat, check_ranges
from revisual.rl.batch import RolloutBatch
from revisual.rl.kl import K3

LARGEST, MEAN, KL = "rollout/logprob_gap", "rollout/logprob_gap_mean", "rollout/logprob_kl"
NO_GAPS = dict.fromkeys((LARGEST, MEAN, KL), 0.0)
"""Of no tokens."""


@dataclass(frozen=True)
class EngineCheck:
    """Compares the log-probs of a few rollouts at the start of a run and every `every` rollout steps.

    Where no bound is given, the largest gap in float32 may be `noise_factor` times the policy's own noise, which is
    measured on the same rollouts (`rounding_otherwise`), and 1e-4 nats at least; in other precisions the mean gap may
    be 0.03 and the KL 0.015 nats per token.

    Args:
        every: rollout steps from one comparison to the next; 0: never.
        num_rollouts: rollouts of each rank that are compared.
        noise_factor: in float32, how many times the policy's own noise the largest gap may be where no bound is given.
        largest: largest gap of a token's log-probs, in nats, that lets the run go on; null: no bound, and where `mean`
            and `kl` are null too, by the noise in float32, elsewhere a mean of 0.03 and a KL of 0.015.
        mean: largest mean gap, in nats, that lets it go on; null: likewise.
        kl: largest KL per token, in nats, that lets it go on; null: likewise.
    """

    every: NonNegativeInt = 50
    num_rollouts: Count = 4
    noise_factor: PositiveFloat = 16.0
    largest: NonNegativeFloat | None = None
    mean: NonNegativeFloat | None = None
    kl: NonNegativeFloat | None = None

    def __post_init__(self) -> None:
        check_ranges(self)

    def is_due(self, step: int, checked: bool) -> bool:
        """Return whether rollout step `step` is compared; `checked`: this run has compared one already."""
        return self.every > 0 and (not checked or step % self.every == 0)

    def choose(self, batch: RolloutBatch) -> RolloutBatch:
        """Return the valid rollouts that are compared, spread over the batch; none if none is valid."""
        valid = torch.nonzero(batch.valid)[:, 0]
        return batch.select(valid[torch.linspace(0, len(valid) - 1, min(self.num_rollouts, len(valid))).long()])

    def bounds(self, noise: float, exact: bool) -> dict[str, float]:
        """Return what passes of the gaps that have a bound.

        Args:
            noise: the policy's own largest gap, in nats.
            exact: whether engine and trainer both compute in float32.
        """
        given = {LARGEST: self.largest, MEAN: self.mean, KL: self.kl}
        if any(bound is not None for bound in given.values()):
            return {name: bound for name, bound in given.items() if bound is not None}
        return {LARGEST: max(1e-4, self.noise_factor * noise)} if exact else {MEAN: 0.03, KL: 0.015}

    def require(self, gaps: Mapping[str, float], noise: float, exact: bool) -> None:
        """End the run where a bound is passed.

        Args:
            gaps: what `logprob_gaps` measured, the worst of all ranks.
            noise: the policy's own largest gap, in nats, likewise.
            exact: whether engine and trainer both compute in float32.

        Raises:
            UserError: a gap is out of bounds, or not a number.
        """
        for name, bound in self.bounds(noise, exact).items():
            if not gaps[name] <= bound:
                raise UserError(
                    f"{name} is {gaps[name]:.3g}, more than {bound:.3g}: the rollouts' engine and the trainer do not "
                    "compute the same policy (other weights, precision, picture sizes, temperature or banned tokens), "
                    f"whose own noise is {noise:.3g}; model.engine_check sets the bounds"
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
