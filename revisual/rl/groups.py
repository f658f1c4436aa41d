"""Rows that share a prompt: sums and comparisons within each group, with no loop over groups."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Groups:
    """Which of G groups each of N rows belongs to; on the CPU, where sums always add up in the same order.

    Ranks that compare or select rows on their own must get equal bits, which a GPU's atomic additions do not promise.

    >>> groups = Groups.of(torch.tensor([7, 3, 7]))
    >>> groups.index.tolist(), groups.number
    ([1, 0, 1], 2)
    """

    index: Int[Tensor, " N"]
    """From 0 to `number` - 1."""
    number: int

    @classmethod
    def of(cls, prompt_index: Int[Tensor, " N"]) -> "Groups":
        """Group [N] prompt numbers, which need neither be sorted nor without gaps."""
        kept, index = torch.unique(prompt_index.cpu(), return_inverse=True)
        return cls(index, len(kept))

    def sum(self, values: Float[Tensor, " N"]) -> Float[Tensor, " G"]:
        """Return the sum of each group's values."""
        return values.new_zeros(self.number).index_add_(0, self.index, values)

    def constant(self, values: Float[Tensor, " N"], known: Bool[Tensor, " N"]) -> Bool[Tensor, " G"]:
        """Return whether each group's known values are all the same, rounding aside; true with fewer than two of them.

        Rounding is a few units in the last place (of float32 at the coarsest): a weighted sum of equal terms has no
        more.

        >>> values = torch.tensor([0.1, 0.1, 0.0, 1.0])
        >>> Groups.of(torch.tensor([0, 0, 1, 1])).constant(values, torch.ones(4, dtype=torch.bool)).tolist()
        [True, False]
        """
        rounding = 8 * min(torch.finfo(values.dtype).eps, torch.finfo(torch.float32).eps)
        exact, inf = values.double(), float("inf")
        empty = exact.new_empty(self.number)
        low = empty.fill_(inf).scatter_reduce(0, self.index, exact.masked_fill(~known, inf), "amin")
        high = empty.fill_(-inf).scatter_reduce(0, self.index, exact.masked_fill(~known, -inf), "amax")
        return high - low <= rounding * torch.maximum(low.abs(), high.abs())
