"""What ReVisual-R1's released code does in place of PAD."""

from dataclasses import dataclass
from typing import Annotated

import torch

from revisual.core.ranges import FiniteFloat, PositiveFloat, PositiveOrInfinite, Within
from revisual.rl.filters.base import (
    AdvantageFilter,
    Candidates,
    Selection,
    accuracy_varies,
    check_band,
    count_share,
    keep_once,
)


@dataclass(frozen=True)
class PowerSampling(AdvantageFilter):
    """What ReVisual-R1's released code does in place of PAD: VL-Rethinker's selective replay (arXiv 2504.08837).

    Of E = {i : t_low < |A_i| < t_high}, ceil(ratio * N) draws WITH replacement, with probabilities proportional to
    |A|^power. A row drawn m times comes back once, with weight m. An empty E gives the whole batch back, unfiltered.
    See PAD on what t_high = 0.97 does to rare right answers.

    With |A| = 0.25, 0.64, 2.0 and the defaults: 5 draws of rows 0 and 1, with probabilities 0.125 and 0.512 over
    0.637.

    Args:
        t_low: only larger |advantages| may be drawn (released code: 0.03).
        t_high: only smaller |advantages| may be drawn (released code: 0.97).
        power: exponent of |advantage| in the probabilities (released code: 1.5).
        ratio: draws, as a share of the batch's rollouts; more than 1 repeats rows (released code: 1.5).
        drop_constant_accuracy: draw from no group whose accuracy is constant.
    """

    t_low: PositiveFloat = 0.03
    t_high: PositiveOrInfinite = 0.97
    power: FiniteFloat = 1.5
    ratio: Annotated[float, Within("(0, 100]")] = 1.5
    drop_constant_accuracy: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_band(self.t_low, self.t_high)

    def __call__(self, candidates: Candidates) -> Selection:
        """Select the rows drawn from E, weighted by how often each was."""
        size = candidates.advantages.detach().abs()
        inside = (size > self.t_low) & (size < self.t_high)
        if self.drop_constant_accuracy:
            inside &= accuracy_varies(candidates.accuracy, candidates.prompt_index).to(inside.device)
        effective = inside.cpu().nonzero().flatten()
        if len(effective) == 0:
            return keep_once(torch.arange(len(candidates)), candidates)
        logits = self.power * size.cpu().double()[effective].log()
        if not logits.isfinite().all():
            logits = torch.zeros_like(logits)
        number = count_share(self.ratio, len(candidates))
        draws = torch.multinomial(logits.softmax(0), number, replacement=True, generator=candidates.generator)
        rows, times = torch.unique(effective[draws], return_counts=True)
        return Selection(rows.to(size.device), times.to(size.device, torch.float32))
