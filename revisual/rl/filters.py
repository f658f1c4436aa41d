"""Which rollouts a step learns from: Prioritized Advantage Distillation, and what it is compared with."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from revisual.rl.groups import Groups


class AdvantageFilter(ABC):
    """Picks M of N rollouts by their advantages [N]: row numbers [M], ascending and distinct, and weights [M].

    Args of a call: `accuracy` [N] is 0 to 1, NaN where unknown; `progress` is the share of training done, 0 to 1;
    `generator` is a CPU generator, the only source of randomness: equal generators give equal picks on every rank.
    """

    @abstractmethod
    def __call__(
        self,
        advantages: Float[Tensor, " N"],
        accuracy: Float[Tensor, " N"],
        prompt_index: Int[Tensor, " N"],
        progress: float,
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, " M"], Float[Tensor, " M"]]:
        """Row numbers [M] and weights [M]."""


@dataclass(frozen=True)
class KeepAll(AdvantageFilter):
    """Plain GRPO: every rollout, with weight 1."""

    def __call__(
        self,
        advantages: Float[Tensor, " N"],
        accuracy: Float[Tensor, " N"],
        prompt_index: Int[Tensor, " N"],
        progress: float,
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, " M"], Float[Tensor, " M"]]:
        """All rows."""
        return _once(torch.arange(len(advantages)), advantages)


@dataclass(frozen=True)
class EffectiveOnly(AdvantageFilter):
    """Every rollout with t_low <= |A| <= t_high: step 2 of PAD alone, the arm "filter only" of ReVisual-R1's table 4.

    With |A| = 0.5, 1.0, 0.01 and t_low = 0.03 these are rows 0 and 1.
    """

    t_low: float = 0.03
    t_high: float = math.inf
    drop_constant_accuracy: bool = False

    def __post_init__(self) -> None:
        _check_band(self.t_low, self.t_high)

    def __call__(
        self,
        advantages: Float[Tensor, " N"],
        accuracy: Float[Tensor, " N"],
        prompt_index: Int[Tensor, " N"],
        progress: float,
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, " M"], Float[Tensor, " M"]]:
        """The rows of E."""
        effective = (advantages.abs() >= self.t_low) & (advantages.abs() <= self.t_high)
        if self.drop_constant_accuracy:
            effective = effective & accuracy_varies(accuracy, prompt_index).to(effective.device)
        return _once(effective.cpu().nonzero().flatten(), advantages)


@dataclass(frozen=True)
class PrioritizedAdvantageDistillation(AdvantageFilter):
    """PAD, ReVisual-R1's algorithm 1 (arXiv 2506.04207, section on PAD).

    Of E = {i : t_low <= |A_i| <= t_high}, draws min(ceil(ratio * N), |E|) rollouts without replacement, with
    probabilities softmax(|A| / tau) over E. An empty E gives an empty selection. tau goes linearly from `tau_start` to
    `tau_end` over training. The paper gives no t_low, t_high or ratio: the defaults are ours.

    Beware of t_high = 0.97 (the released code's) with right-or-wrong rewards and groups of 8 normalized by their
    standard deviation: of a prompt with 1 to 3 right answers only the WRONG ones stay, as |A| of the right ones is
    2.47, 1.62 and 1.21; of one with 5 to 7 only the right ones. Infinity keeps both.

    Args:
        ratio: of N, the size of the whole batch.
        drop_constant_accuracy: leave out of E the groups whose accuracy is constant: shaped rewards give advantages of
            full size to an all-wrong group too.

    With |A| = 0.5, 1.0, 0.01, 2.0 and ratio = 0.5, two of the rows 0, 1 and 3; at tau = 1, row 3 is the first pick
    with probability e^2 / (e^0.5 + e^1 + e^2) = 0.63.
    """

    t_low: float = 0.03
    t_high: float = math.inf
    ratio: float = 0.5
    tau_start: float = 1.0
    tau_end: float = 0.3
    drop_constant_accuracy: bool = False

    def __post_init__(self) -> None:
        _check_band(self.t_low, self.t_high)
        _check_positive("ratio", self.ratio)
        _check_positive("tau_start", self.tau_start)
        _check_positive("tau_end", self.tau_end)

    def __call__(
        self,
        advantages: Float[Tensor, " N"],
        accuracy: Float[Tensor, " N"],
        prompt_index: Int[Tensor, " N"],
        progress: float,
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, " M"], Float[Tensor, " M"]]:
        """The rows drawn from E."""
        if not 0 <= progress <= 1:
            raise ValueError(f"progress must be in [0, 1], not {progress}")
        band = EffectiveOnly(self.t_low, self.t_high, self.drop_constant_accuracy)
        effective = band(advantages, accuracy, prompt_index, progress, generator)[0].cpu()
        tau = (1 - progress) * self.tau_start + progress * self.tau_end
        logits = advantages.detach().cpu().double().abs()[effective] / tau
        number = min(_share(self.ratio, len(advantages)), len(effective))
        return _once(effective[draw_without_replacement(logits, number, generator)], advantages)


@dataclass(frozen=True)
class RandomSubsample(AdvantageFilter):
    """ceil(ratio * N) rollouts, each as likely as any other: the arm "random" of ReVisual-R1's table 4."""

    ratio: float = 0.5

    def __post_init__(self) -> None:
        _check_positive("ratio", self.ratio)

    def __call__(
        self,
        advantages: Float[Tensor, " N"],
        accuracy: Float[Tensor, " N"],
        prompt_index: Int[Tensor, " N"],
        progress: float,
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, " M"], Float[Tensor, " M"]]:
        """The rows drawn from all."""
        number = min(_share(self.ratio, len(advantages)), len(advantages))
        return _once(torch.randperm(len(advantages), generator=generator)[:number], advantages)


@dataclass(frozen=True)
class PowerSampling(AdvantageFilter):
    """What ReVisual-R1's released code does in place of PAD: VL-Rethinker's selective replay (arXiv 2504.08837).

    Of E = {i : t_low < |A_i| < t_high}, ceil(ratio * N) draws WITH replacement, with probabilities proportional to
    |A|^power. A row drawn m times comes back once, with weight m. An empty E gives the whole batch back, unfiltered.
    See PAD on what t_high = 0.97 does to rare right answers.

    With |A| = 0.25, 0.64, 2.0 and the defaults: 5 draws of rows 0 and 1, with probabilities 0.125 and 0.512 over
    0.637.
    """

    t_low: float = 0.03
    t_high: float = 0.97
    power: float = 1.5
    ratio: float = 1.5
    drop_constant_accuracy: bool = False

    def __post_init__(self) -> None:
        _check_band(self.t_low, self.t_high)
        _check_positive("ratio", self.ratio)
        if not math.isfinite(self.power):
            raise ValueError(f"power must be finite, not {self.power}")

    def __call__(
        self,
        advantages: Float[Tensor, " N"],
        accuracy: Float[Tensor, " N"],
        prompt_index: Int[Tensor, " N"],
        progress: float,
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, " M"], Float[Tensor, " M"]]:
        """The rows drawn from E, with how often."""
        inside = (advantages.abs() > self.t_low) & (advantages.abs() < self.t_high)
        if self.drop_constant_accuracy:
            inside = inside & accuracy_varies(accuracy, prompt_index).to(inside.device)
        effective = inside.cpu().nonzero().flatten()
        if len(effective) == 0:
            return _once(torch.arange(len(advantages)), advantages)
        logits = self.power * advantages.detach().cpu().double().abs()[effective].log()
        draws = torch.multinomial(_softmax(logits), _share(self.ratio, len(advantages)), True, generator=generator)
        rows, times = torch.unique(effective[draws], return_counts=True)
        return rows.to(advantages.device), times.to(advantages.device, torch.float32)


def accuracy_varies(accuracy: Float[Tensor, " N"], prompt_index: Int[Tensor, " N"]) -> Bool[Tensor, " N"]:
    """Rows [N] of groups with at least two different accuracies; NaN is unknown and counts for nothing; on the CPU.

    >>> accuracy_varies(torch.tensor([0.0, 0.0, 0.0, 1.0]), torch.tensor([0, 0, 1, 1])).tolist()
    [False, False, True, True]
    """
    groups = Groups.of(prompt_index)
    return ~groups.constant(accuracy.cpu(), ~accuracy.cpu().isnan())[groups.index]


def draw_without_replacement(
    logits: Float[Tensor, " E"], number: int, generator: torch.Generator
) -> Int[Tensor, " number"]:
    """`number` of E rows, drawn one after the other with probabilities softmax(logits) over those that remain.

    The largest of logits + Gumbel noise follow that law (arXiv 1903.06059) and, unlike probabilities, never underflow.
    Uniform if a logit is not finite.
    """
    noise = -(-torch.log1p(-torch.rand(len(logits), generator=generator, dtype=torch.float64))).log()
    keys = noise + logits if logits.isfinite().all() else noise
    return keys.topk(number).indices


def _softmax(logits: Float[Tensor, " E"]) -> Float[Tensor, " E"]:
    """Uniform if a logit is not finite."""
    return (logits if logits.isfinite().all() else torch.zeros_like(logits)).softmax(0)


def _once(rows: Int[Tensor, " M"], advantages: Float[Tensor, " N"]) -> tuple[Int[Tensor, " M"], Float[Tensor, " M"]]:
    """Rows in ascending order with weight 1, where the advantages are."""
    return rows.sort().values.to(advantages.device), torch.ones(len(rows), device=advantages.device)


def _share(ratio: float, number: int) -> int:
    """ceil(ratio * number) of the ratio as written: 0.07 of 100 is 7, though 0.07 * 100 > 7 in floating point."""
    return math.ceil(round(ratio * number, 6))


def _check_band(t_low: float, t_high: float) -> None:
    if not 0 < t_low <= t_high:
        raise ValueError(f"thresholds need 0 < t_low <= t_high, not t_low={t_low}, t_high={t_high}")


def _check_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be positive and finite, not {value}")
