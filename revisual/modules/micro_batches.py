"""Cutting one optimiser step into micro-batches without changing its gradient."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from revisual.rl.batch import RolloutBatch


def cut(batch: RolloutBatch, spare: RolloutBatch, parts: int) -> list[RolloutBatch]:
    """`batch` in `parts` consecutive micro-batches of nearly equal size, so that groups stay together.

    Fewer rows than parts are spread over them: an optimiser step of several parts is empty only if it must be.
    Every rank must run equally many passes whatever a filter kept: a part without rows is the first row of `spare`
    at weight 0.
    """
    nothing = torch.zeros(1)
    dummy = spare.select(nothing.long(), nothing)
    ends = [i * len(batch) // parts for i in range(parts + 1)]
    sizes = [end - start for start, end in pairwise(ends)]
    return [part if len(part) else dummy for part in batch.split(sizes)]


def counts_per_update(counts: Sequence[Float[Tensor, ""]], micro_batches_per_update: int) -> Float[Tensor, " U"]:
    """The normaliser of each optimiser step: the counts of its micro-batches, summed over all ranks."""
    totals = torch.stack(list(counts)).view(-1, micro_batches_per_update).sum(1)
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.all_reduce(totals)
    return totals
