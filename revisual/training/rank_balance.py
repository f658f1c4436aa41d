"""Nearly as many tokens for every rank, since the slowest sets the pace of all."""

from collections.abc import Sequence
from typing import TypeVar

from revisual.core.distributed import all_gather_objects, get_rank, is_distributed
from revisual.rl.batch import RolloutBatch
from revisual.training.packing import group_rows
from revisual.training.update import row_costs

T = TypeVar("T")


def rebalance_rollouts(batch: RolloutBatch) -> RolloutBatch:
    """Return this rank's rollouts after some groups have moved: a prompt and its rollouts stay together."""
    if not is_distributed():
        return batch
    device = batch.prompt_index.device
    prompts, completions = row_costs(batch)
    groups = group_rows(batch.prompt_index.tolist(), range(len(batch)))
    costs = [prompts[rows[0]] + sum(completions[row] for row in rows) for rows in groups]
    pieces = rebalance_over_ranks([batch.rows(rows).to("cpu") for rows in groups], costs)
    return RolloutBatch.join(pieces).to(device) if pieces else batch.rows([])


def rebalance_over_ranks(pieces: Sequence[T], costs: Sequence[int]) -> list[T]:
    """Return this rank's pieces after some have moved to ranks with less to compute; those that stay keep their order.

    Args:
        pieces: this rank's, without tensors on a GPU. Only those that move travel.
        costs: what each of them costs.
    """
    everyone = all_gather_objects(list(costs))
    if len(everyone) == 1:
        return list(pieces)
    owners, rank = assign_owners(everyone), get_rank()
    leaving = [(owner, pieces[i]) for i, owner in enumerate(owners[rank]) if owner != rank]
    staying = [pieces[i] for i, owner in enumerate(owners[rank]) if owner == rank]
    return staying + [piece for each in all_gather_objects(leaving) for owner, piece in each if owner == rank]


def assign_owners(costs: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the rank that each rank's pieces go to, such that the sums of their costs are nearly the same.

    One piece at a time goes from the fullest rank to the emptiest: the one that brings the two nearest.

    Example: `assign_owners([[4, 1, 5], [2]])` is `[[1, 0, 0], [1]]`: 6 and 6 instead of 10 and 2.
    """
    owners = [[rank] * len(own) for rank, own in enumerate(costs)]
    loads = [sum(own) for own in costs]
    while True:
        fullest, emptiest = loads.index(max(loads)), loads.index(min(loads))
        gap = loads[fullest] - loads[emptiest]
        places = [(r, i) for r, own in enumerate(owners) for i, owner in enumerate(own) if owner == fullest]
        useful = [(abs(gap - 2 * costs[r][i]), r, i) for r, i in places if 0 < costs[r][i] < gap]
        if not useful:
            return owners
        _, rank, index = min(useful)
        owners[rank][index] = emptiest
        loads[fullest] -= costs[rank][index]
        loads[emptiest] += costs[rank][index]
