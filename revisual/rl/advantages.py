"""How much better than its group a rollout is: rewards in, advantages out."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from revisual.core.distributed import all_gather_objects
from revisual.core.ranges import Fraction, Ranged
from revisual.rl.groups import Groups


class AdvantageEstimator(Ranged, ABC):
    """Rewards [N] to advantages [N], where rows with one prompt index are a group.

    Rows that are not valid count neither in a mean nor in a standard deviation nor in a group's size, and get 0. So
    does a group with fewer than two valid rows, and, exactly, a group of equal rewards.
    """

    needs_groups: ClassVar[bool] = False
    """Whether a rollout alone, without another of its prompt, has no advantage."""

    @abstractmethod
    def __call__(
        self, rewards: Float[Tensor, " N"], valid: Bool[Tensor, " N"], prompt_index: Int[Tensor, " N"]
    ) -> Float[Tensor, " N"]:
        """Return advantages [N]."""


@dataclass(frozen=True)
class GroupNormalized(AdvantageEstimator):
    """GRPO (DeepSeekMath, arXiv 2402.03300): (r - mean) / (std + eps), with the sample (Bessel) standard deviation.

    >>> rewards, one_prompt = torch.tensor([1.0, 0.0, 0.0, 0.0]), torch.zeros(4, dtype=torch.long)
    >>> [round(a, 2) for a in GroupNormalized()(rewards, torch.ones(4, dtype=torch.bool), one_prompt).tolist()]
    [1.5, -0.5, -0.5, -0.5]

    Args:
        eps: added to the standard deviation.
    """

    needs_groups: ClassVar[bool] = True

    eps: Fraction = 1e-6

    def __call__(
        self, rewards: Float[Tensor, " N"], valid: Bool[Tensor, " N"], prompt_index: Int[Tensor, " N"]
    ) -> Float[Tensor, " N"]:
        """Return (r - mean) / (std + eps)."""
        groups = Groups.of(prompt_index)
        centered, size = _center(rewards, valid, groups)
        variance = groups.sum(centered.square())[groups.index] / (size - 1).clamp(min=1)
        return torch.where(centered == 0, 0.0, centered / (variance.sqrt() + self.eps)).to(rewards)


@dataclass(frozen=True)
class MeanCentered(AdvantageEstimator):
    """Dr. GRPO (arXiv 2503.20783): r - mean, so that easy and hard prompts are not scaled up.

    >>> rewards, one_prompt = torch.tensor([1.0, 0.0, 0.0, 0.0]), torch.zeros(4, dtype=torch.long)
    >>> MeanCentered()(rewards, torch.ones(4, dtype=torch.bool), one_prompt).tolist()
    [0.75, -0.25, -0.25, -0.25]
    """

    needs_groups: ClassVar[bool] = True

    def __call__(
        self, rewards: Float[Tensor, " N"], valid: Bool[Tensor, " N"], prompt_index: Int[Tensor, " N"]
    ) -> Float[Tensor, " N"]:
        """Return r - mean."""
        return _center(rewards, valid, Groups.of(prompt_index))[0].to(rewards)


@dataclass(frozen=True)
class LeaveOneOut(AdvantageEstimator):
    """RLOO (arXiv 2402.14740): r - the mean of the group's other rewards.

    >>> rewards, one_prompt = torch.tensor([1.0, 0.0, 0.5]), torch.zeros(3, dtype=torch.long)
    >>> LeaveOneOut()(rewards, torch.ones(3, dtype=torch.bool), one_prompt).tolist()
    [0.75, -0.75, 0.0]
    """

    needs_groups: ClassVar[bool] = True

    def __call__(
        self, rewards: Float[Tensor, " N"], valid: Bool[Tensor, " N"], prompt_index: Int[Tensor, " N"]
    ) -> Float[Tensor, " N"]:
        """Return n / (n - 1) * (r - mean), which is r - the mean of the others."""
        centered, size = _center(rewards, valid, Groups.of(prompt_index))
        return (centered * size / (size - 1).clamp(min=1)).to(rewards)


@dataclass(frozen=True)
class BatchNormalized(AdvantageEstimator):
    """(r - mean of the group) / (std over the rollouts of all ranks + eps), with the sample standard deviation.

    By default the deviation of the centered rewards, which is REINFORCE++ with a baseline (arXiv 2501.03262): their own
    mean is 0 already. An easy prompt with one wrong answer then weighs no more than any other. With `std_of: rewards`
    it is that of the rewards as they are ("Lite PPO", arXiv 2508.08221).

    >>> rewards, prompts = torch.tensor([1.0, 0.0, 1.0, 1.0]), torch.tensor([0, 0, 1, 1])
    >>> [round(a, 2) for a in BatchNormalized()(rewards, torch.ones(4, dtype=torch.bool), prompts).tolist()]
    [1.22, -1.22, 0.0, 0.0]

    Args:
        eps: added to the standard deviation.
        std_of: what the deviation is of.
    """

    needs_groups: ClassVar[bool] = True

    eps: Fraction = 1e-6
    std_of: Literal["centered", "rewards"] = "centered"

    def __call__(
        self, rewards: Float[Tensor, " N"], valid: Bool[Tensor, " N"], prompt_index: Int[Tensor, " N"]
    ) -> Float[Tensor, " N"]:
        """Return (r - mean) / (std + eps); every rank has to call it."""
        centered = _center(rewards, valid, Groups.of(prompt_index))[0]
        known = valid.cpu()
        spread = (centered if self.std_of == "centered" else rewards.detach().cpu().double())[known]
        everyone = torch.tensor(
            [value for part in all_gather_objects(spread.tolist()) for value in part], dtype=torch.float64
        )
        std = float(everyone.std()) if len(everyone) > 1 else 0.0
        return torch.where(centered == 0, 0.0, centered / (std + self.eps)).to(rewards)


def _center(
    rewards: Float[Tensor, " N"], valid: Bool[Tensor, " N"], groups: Groups
) -> tuple[Float[Tensor, " N"], Float[Tensor, " N"]]:
    """Return rewards minus their group's mean, and the group's number of valid rows, in float64.

    Equal rewards give exact zeros: divided by a standard deviation of nearly 0, what rounding leaves of them would
    become advantages of full size.
    """
    known = valid.cpu()
    values = torch.where(known, rewards.detach().cpu().double(), 0.0)
    if not values.isfinite().all():
        raise ValueError("a valid row's reward is not finite: mark the row as not valid instead")
    size = groups.sum(known.double())
    mean = groups.sum(values) / size.clamp(min=1)
    varies = known & ~groups.constant(rewards.detach().cpu(), known)[groups.index]
    return torch.where(varies, values - mean[groups.index], 0.0), size[groups.index]
