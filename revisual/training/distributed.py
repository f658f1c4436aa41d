"""The same numbers and the same selection on every rank."""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from revisual.core.seeds import stable_seed
from revisual.rl.batch import RolloutBatch
from revisual.rl.filters import AdvantageFilter
from revisual.rl.selection_stats import selection_stats


def gathered(value: Any) -> list[Any]:
    """`value` of every rank, in rank order."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return [value]
    everyone: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(everyone, value)
    return everyone


def mean_over_ranks(stats: Mapping[str, float]) -> dict[str, float]:
    """Means over ranks, in one exchange for all numbers."""
    everyone = gathered(dict(stats))
    return {name: sum(each[name] for each in everyone) / len(everyone) for name in stats}


def sum_over_ranks(stats: Mapping[str, float]) -> dict[str, float]:
    """Sums over ranks, in one exchange for all numbers."""
    everyone = gathered(dict(stats))
    return {name: sum(each[name] for each in everyone) for name in stats}


def worst_over_ranks(stats: Mapping[str, float]) -> dict[str, float]:
    """Maxima over ranks; not a number where any rank's is."""
    everyone = gathered(dict(stats))
    return {name: torch.tensor([each[name] for each in everyone]).max().item() for name in stats}


def select_over_ranks(
    filter: AdvantageFilter, batch: RolloutBatch, progress: float, seed: int, per_rank: bool = False
) -> tuple[Int[Tensor, " M"], Float[Tensor, " M"], dict[str, float]]:
    """This rank's rows of the filter's choice among the valid rollouts of all ranks, their weights, and what to log.

    Every rank runs the filter on the same rows in the same order (by prompt id) with a generator made from `seed`:
    there is no state to save, and the choice does not depend on how prompts were dealt to ranks. With `per_rank`, each
    chooses among its own rollouts.
    """
    local = torch.nonzero(batch.valid.cpu())[:, 0]
    owner = batch.prompt_index.cpu()[local]
    keys = torch.tensor([stable_seed(batch.prompts[i].id) for i in owner.tolist()], dtype=torch.int64)
    assert batch.advantages is not None
    mine = (batch.advantages.cpu()[local], batch.accuracy.cpu()[local], keys)
    everyone = [mine] if per_rank else gathered(mine)
    advantages, accuracy, keys = (torch.cat([each[k] for each in everyone]) for k in range(3))
    order = torch.argsort(keys, stable=True)
    prompt_index = torch.unique(keys[order], return_inverse=True)[1]
    generator = torch.Generator().manual_seed(seed)
    chosen, weights = filter(advantages[order], accuracy[order], prompt_index, progress, generator)
    stats = selection_stats(advantages[order], accuracy[order], prompt_index, chosen, weights)
    if per_rank:
        stats = mean_over_ranks(stats)
    drawn = torch.zeros(len(order)).index_put((order[chosen],), weights.float(), accumulate=True)
    rank = torch.distributed.get_rank() if len(everyone) > 1 else 0
    start = sum(len(each[0]) for each in everyone[:rank])
    own = drawn[start : start + len(local)]
    return local[own > 0], own[own > 0], stats
