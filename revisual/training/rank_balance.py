"""Nearly as many tokens for every rank: the slowest one sets the pace of all."""

from collections.abc import Sequence
from typing import TypeVar

import torch

from revisual.rl.batch import RolloutBatch
from revisual.training.distributed import gathered
from revisual.training.micro_batches import row_costs, row_groups

T = TypeVar("T")


def evened_batch(batch: RolloutBatch) -> RolloutBatch:
    """This rank's rollouts after some groups have moved: a prompt and its rollouts stay together."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return batch
    prompts, completions = row_costs(batch)
    groups = row_groups(batch.prompt_index.tolist(), range(len(batch)))
    costs = [prompts[rows[0]] + sum(completions[row] for row in rows) for rows in groups]
    pieces = evened([_rows(batch, rows) for rows in groups], costs)
    return RolloutBatch.joined(pieces) if pieces else _rows(batch, [])


def _rows(batch: RolloutBatch, rows: Sequence[int]) -> RolloutBatch:
    indices = torch.tensor(rows, dtype=torch.long)
    return batch.select(indices, batch.weights[indices.to(batch.weights.device)])


def evened(pieces: Sequence[T], costs: Sequence[int], at_least: int = 0) -> list[T]:
    """This rank's pieces after some have moved to ranks with less to compute; the order of those that stay is kept.

    Every rank calls it with its own pieces and what they cost, and keeps `at_least` of them. Only pieces that move
    travel.
    """
    everyone = gathered(list(costs))
    if len(everyone) == 1:
        return list(pieces)
    owners = owners_of(everyone, at_least)
    rank = torch.distributed.get_rank()
    leaving = [(owner, pieces[i]) for i, owner in enumerate(owners[rank]) if owner != rank]
    staying = [pieces[i] for i, owner in enumerate(owners[rank]) if owner == rank]
    return staying + [piece for each in gathered(leaving) for owner, piece in each if owner == rank]


def owners_of(costs: Sequence[Sequence[int]], at_least: int = 0) -> list[list[int]]:
    """The rank that each rank's pieces go to, such that the sums of their costs are nearly the same.

    One piece at a time goes from the fullest rank to the emptiest: the one that brings the two nearest.

    Example: `owners_of([[4, 1, 5], [2]])` is `[[1, 0, 0], [1]]`: 6 and 6 instead of 10 and 2.
    """
    owners = [[rank] * len(own) for rank, own in enumerate(costs)]
    loads, counts = [sum(own) for own in costs], [len(own) for own in costs]
    while True:
        fullest, emptiest = loads.index(max(loads)), loads.index(min(loads))
        gap = loads[fullest] - loads[emptiest]
        places = [(r, i) for r, own in enumerate(owners) for i, owner in enumerate(own) if owner == fullest]
        useful = [(abs(gap - 2 * costs[r][i]), r, i) for r, i in places if 0 < costs[r][i] < gap]
        if not useful or counts[fullest] <= at_least:
            return owners
        _, rank, index = min(useful)
        owners[rank][index] = emptiest
        for which, sign in ((fullest, -1), (emptiest, 1)):
            loads[which] += sign * costs[rank][index]
            counts[which] += sign
