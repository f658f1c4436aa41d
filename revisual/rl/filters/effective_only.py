"""Every rollout whose advantage says something."""

import math
from dataclasses import dataclass

from revisual.core.ranges import PositiveFloat, PositiveOrInfinite
from revisual.rl.filters.base import AdvantageFilter, Candidates, Selection, accuracy_varies, check_band, keep_once


@dataclass(frozen=True)
class EffectiveOnly(AdvantageFilter):
    """Every rollout with t_low <= |A| <= t_high: step 2 of PAD alone, the arm "filter only" of ReVisual-R1's table 4.

    With |A| = 0.5, 1.0, 0.01 and t_low = 0.03 these are rows 0 and 1.

    Args:
        t_low: smallest |advantage| that is kept.
        t_high: largest |advantage| that is kept.
        drop_constant_accuracy: leave out the groups whose accuracy is constant: shaped rewards give advantages of full
            size to an all-wrong group too.
    """

    t_low: PositiveFloat = 0.03
    t_high: PositiveOrInfinite = math.inf
    drop_constant_accuracy: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_band(self.t_low, self.t_high)

    def __call__(self, candidates: Candidates) -> Selection:
        """Select the rows of E."""
        size = candidates.advantages.abs()
        effective = (size >= self.t_low) & (size <= self.t_high)
        if self.drop_constant_accuracy:
            effective &= accuracy_varies(candidates.accuracy, candidates.prompt_index).to(effective.device)
        return keep_once(effective.cpu().nonzero().flatten(), candidates)
