"""A random share of the rollouts, which PAD is compared with."""

from dataclasses import dataclass

import torch

from revisual.core.ranges import PositiveFraction
from revisual.rl.filters.base import AdvantageFilter, Candidates, Selection, count_share, keep_once


@dataclass(frozen=True)
class RandomSubsample(AdvantageFilter):
    """ceil(ratio * N) rollouts, each as likely as any other: the arm "random" of ReVisual-R1's table 4.

    Args:
        ratio: rollouts to keep, as a share of N.
    """

    ratio: PositiveFraction = 0.5

    def __call__(self, candidates: Candidates) -> Selection:
        """Select the rows drawn from all."""
        number = min(count_share(self.ratio, len(candidates)), len(candidates))
        return keep_once(torch.randperm(len(candidates), generator=candidates.generator)[:number], candidates)
