"""Plain GRPO: no filter."""

from dataclasses import dataclass

import torch

from revisual.rl.filters.base import AdvantageFilter, Candidates, Selection, keep_once


@dataclass(frozen=True)
class KeepAll(AdvantageFilter):
    """Plain GRPO: every rollout, with weight 1."""

    def __call__(self, candidates: Candidates) -> Selection:
        """Select all rows."""
        return keep_once(torch.arange(len(candidates)), candidates)
