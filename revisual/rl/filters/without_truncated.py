"""Overlong filtering: no learning from rollouts that were cut."""

from dataclasses import dataclass, field

import torch

from revisual.rl.filters.base import AdvantageFilter, Candidates, Selection
from revisual.rl.filters.keep_all import KeepAll


@dataclass(frozen=True)
class WithoutTruncated(AdvantageFilter):
    """Leaves out rollouts that were cut at the limit, and lets another filter choose among the rest.

    Overlong filtering of DAPO (arXiv 2503.14476). The rewards of those left out have entered the means of their groups;
    their tokens count nowhere in the loss.

    Args:
        then: chooses among the others.
    """

    then: AdvantageFilter = field(default_factory=KeepAll)

    def __call__(self, candidates: Candidates) -> Selection:
        """Select among the rollouts that ended by themselves."""
        cut = candidates.truncated
        rows = torch.arange(len(candidates)) if cut is None else (~cut).cpu().nonzero().flatten()
        chosen = self.then(candidates.rows(rows))
        return Selection(rows.to(chosen.indices)[chosen.indices], chosen.weights)
