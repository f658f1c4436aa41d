"""The contract of advantage filters: which rollouts a step learns from."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from revisual.core.errors import UserValueError
from revisual.core.ranges import Ranged
from revisual.rl.groups import Groups


@dataclass(frozen=True)
class Candidates:
    """The N rollouts that a filter chooses among: the valid ones of a rollout step.

    >>> Candidates.of([0.5, 1.0], accuracy=[0.0, 1.0], prompt_index=[0, 0]).advantages.tolist()
    [0.5, 1.0]
    """

    advantages: Float[Tensor, " N"]
    accuracy: Float[Tensor, " N"]
    """From 0 to 1; NaN where it is unknown."""
    prompt_index: Int[Tensor, " N"]
    """Rows with one number are a group."""
    progress: float
    """Share of training that is done, from 0 to 1."""
    generator: torch.Generator
    """On the CPU, and the only source of randomness: equal generators give equal selections on every rank."""
    truncated: Bool[Tensor, " N"] | None = None
    """Which were cut at the limit of new tokens; none: nothing is known of it."""

    @classmethod
    def of(
        cls,
        advantages: list[float],
        accuracy: list[float] | None = None,
        prompt_index: list[int] | None = None,
        progress: float = 0.0,
        seed: int = 0,
        truncated: list[bool] | None = None,
    ) -> "Candidates":
        """Return candidates from plain numbers; without `prompt_index` all are of one prompt."""
        n = len(advantages)
        return cls(
            torch.tensor(advantages),
            torch.tensor([math.nan] * n if accuracy is None else accuracy),
            torch.tensor([0] * n if prompt_index is None else prompt_index),
            progress,
            torch.Generator().manual_seed(seed),
            None if truncated is None else torch.tensor(truncated),
        )

    def rows(self, rows: Int[Tensor, " M"]) -> "Candidates":
        """Return the candidates of these rows, in that order, with the same generator."""
        return replace(
            self,
            advantages=self.advantages[rows],
            accuracy=self.accuracy[rows],
            prompt_index=self.prompt_index[rows],
            truncated=None if self.truncated is None else self.truncated[rows],
        )

    def __len__(self) -> int:
        return len(self.advantages)


class Selection(NamedTuple):
    """What a filter chose: M distinct rows in ascending order, and the weight of each."""

    indices: Int[Tensor, " M"]
    weights: Float[Tensor, " M"]
    """1, or how often the row was drawn."""


class AdvantageFilter(Ranged, ABC):
    """Choose which rollouts to learn from, by their advantages."""

    @abstractmethod
    def __call__(self, candidates: Candidates) -> Selection:
        """Return the rows to learn from and their weights; none is allowed."""


def keep_once(rows: Int[Tensor, " M"], candidates: Candidates) -> Selection:
    """Select `rows`, in any order, with weight 1, on the advantages' device."""
    device = candidates.advantages.device
    return Selection(rows.sort().values.to(device), torch.ones(len(rows), device=device))


def count_share(ratio: float, number: int) -> int:
    """Return ceil(ratio * number) of the ratio as written: 0.07 of 100 is 7, though 0.07 * 100 > 7 in floating point.

    >>> count_share(0.07, 100), count_share(0.5, 3)
    (7, 2)
    """
    return math.ceil(round(ratio * number, 6))


def accuracy_varies(accuracy: Float[Tensor, " N"], prompt_index: Int[Tensor, " N"]) -> Bool[Tensor, " N"]:
    """Return, on the CPU, which rows are of groups with at least two different accuracies; NaN counts for nothing.

    >>> accuracy_varies(torch.tensor([0.0, 0.0, 0.0, 1.0]), torch.tensor([0, 0, 1, 1])).tolist()
    [False, False, True, True]
    """
    groups = Groups.of(prompt_index)
    return ~groups.constant(accuracy.cpu(), ~accuracy.cpu().isnan())[groups.index]


def check_band(t_low: float, t_high: float) -> None:
    """Raise UserValueError unless 0 < t_low <= t_high."""
    if not 0 < t_low <= t_high:
        raise UserValueError(f"thresholds need 0 < t_low <= t_high, not t_low={t_low}, t_high={t_high}")
