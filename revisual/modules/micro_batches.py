"""Cutting one optimiser step into micro-batches without changing its gradient."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from revisual.rl.batch import RolloutBatch


def cut(batch: RolloutBatch, spare: RolloutBatch, parts: int) -> list[RolloutBatch]:
    """`batch` in `parts` consecutive micro-batches of nearly equal size, so that groups stay together.

    Every rank must run equally many passes whatever a filter kept: a part without rows is the first row of `spare`
    at weight 0.
    """
    nothing = torch.zeros(1)
    dummy = spare.select(nothing.long(), nothing)
    sizes = [len(rows) for rows in torch.arange(len(batch)).tensor_split(parts)]
    return [part if len(part) else dummy for part in batch.split(sizes)]


def counts_per_update(counts: Sequence[Float[Tensor, ""]], micro_batches_per_update: int) -> Float[Tensor, " U"]:
    """The normaliser of each optimiser step: the counts of its micro-batches, summed over all ranks."""
    totals = torch.stack(list(counts)).view(-1, micro_batches_per_update).sum(1)
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.all_reduce(totals)
    return totals
