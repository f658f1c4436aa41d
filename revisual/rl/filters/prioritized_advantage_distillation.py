"""Prioritized Advantage Distillation, ReVisual-R1's filter."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from revisual.core.ranges import PositiveFloat, PositiveFraction, PositiveOrInfinite, PositiveTemperature
from revisual.rl.filters.base import (
    AdvantageFilter,
    Candidates,
    Selection,
    check_band,
    count_share,
    keep_once,
)
from revisual.rl.filters.effective_only import EffectiveOnly


@dataclass(frozen=True)
class PrioritizedAdvantageDistillation(AdvantageFilter):
    """PAD, ReVisual-R1's algorithm 1 (arXiv 2506.04207, section on PAD).

    Of E = {i : t_low <= |A_i| <= t_high}, draws min(ceil(ratio * N), |E|) rollouts without replacement, with
    probabilities softmax(|A| / tau) over E. An empty E gives an empty selection. tau goes linearly from `tau_start` to
    `tau_end` over training. The paper gives no t_low, t_high or ratio: the defaults are ours.

    Beware of t_high = 0.97 (the released code's) with right-or-wrong rewards and groups of 8 normalized by their
    standard deviation: of a prompt with 1 to 3 right answers only the WRONG ones stay, as |A| of the right ones is
    2.47, 1.62 and 1.21; of one with 5 to 7 only the right ones. Infinity keeps both.

    With |A| = 0.5, 1.0, 0.01, 2.0 and ratio = 0.5, two of the rows 0, 1 and 3; at tau = 1, row 3 is the first pick
    with probability e^2 / (e^0.5 + e^1 + e^2) = 0.63.

    Args:
        t_low: smallest |advantage| that may be drawn (released code: 0.03).
        t_high: largest |advantage| that may be drawn (released code: 0.97, which throws rare right answers away).
        ratio: rollouts to draw, as a share of the whole batch's.
        tau_start: temperature of softmax(|advantage| / tau) at the start of training (the paper's).
        tau_end: the same at its end (the paper's), and linear between.
        drop_constant_accuracy: draw from no group whose accuracy is constant: shaped rewards give advantages of
            full size to an all-wrong group too.
    """

    t_low: PositiveFloat = 0.03
    t_high: PositiveOrInfinite = math.inf
    ratio: PositiveFraction = 0.5
    tau_start: PositiveTemperature = 1.0
    tau_end: PositiveTemperature = 0.3
    drop_constant_accuracy: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_band(self.t_low, self.t_high)

    def __call__(self, candidates: Candidates) -> Selection:
        """Select the rows drawn from E."""
        if not 0 <= candidates.progress <= 1:
            raise ValueError(f"progress must be in [0, 1], not {candidates.progress}")
        band = EffectiveOnly(self.t_low, self.t_high, self.drop_constant_accuracy)
        effective = band(candidates).indices.cpu()
        tau = (1 - candidates.progress) * self.tau_start + candidates.progress * self.tau_end
        logits = candidates.advantages.detach().cpu().double().abs()[effective] / tau
        number = min(count_share(self.ratio, len(candidates)), len(effective))
        return keep_once(effective[draw_without_replacement(logits, number, candidates.generator)], candidates)


def draw_without_replacement(
    logits: Float[Tensor, " E"], number: int, generator: torch.Generator
) -> Int[Tensor, " number"]:
    """Draw `number` of E rows one after the other, with probabilities softmax(logits) over those that remain.

    The largest of logits + Gumbel noise follow that law (arXiv 1903.06059) and, unlike probabilities, never underflow.
    Uniform if a logit is not finite.
    """
    noise = -(-torch.log1p(-torch.rand(len(logits), generator=generator, dtype=torch.float64))).log()
    keys = noise + logits if logits.isfinite().all() else noise
    return keys.topk(number).indices
