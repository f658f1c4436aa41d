"""One selection among the rollouts of all ranks."""

from dataclasses import dataclass

import torch

from revisual.core.distributed import all_gather_objects, all_mean, get_rank
from revisual.data.sample import prompt_key
from revisual.rl.batch import RolloutBatch
from revisual.rl.filters.base import AdvantageFilter, Candidates, Selection
from revisual.rl.selection_stats import selection_stats


@dataclass(frozen=True)
class RankSelection:
    """This rank's rows of a selection, and statistics to log, which are the same on every rank."""

    selection: Selection
    stats: dict[str, float]


def select_over_ranks(
    advantage_filter: AdvantageFilter, batch: RolloutBatch, progress: float, seed: int, per_rank: bool = False
) -> RankSelection:
    """Select among the valid rollouts of all ranks.

    Every rank runs the filter on the same rows in the same order (by prompt) with a generator made from `seed`: there
    is no state to save, and the selection does not depend on how prompts were dealt to ranks.

    Args:
        advantage_filter: makes the selection.
        batch: this rank's rollouts, advantages included.
        progress: share of training that is done, from 0 to 1.
        seed: of the filter's randomness.
        per_rank: let each rank choose among its own rollouts.
    """
    assert batch.advantages is not None
    valid = torch.nonzero(batch.valid.cpu())[:, 0]
    prompt_of_row = batch.prompt_index.cpu()[valid]
    keys = [prompt_key(prompt.sample) for prompt in batch.prompts]
    mine = (
        batch.advantages.cpu()[valid],
        batch.accuracy.cpu()[valid],
        torch.tensor([keys[p] for p in prompt_of_row.tolist()], dtype=torch.int64),
        batch.truncated.cpu()[valid],
    )
    everyone = [mine] if per_rank else all_gather_objects(mine)
    advantages, accuracy, prompt_keys, truncated = (torch.cat([each[k] for each in everyone]) for k in range(4))
    order = torch.argsort(prompt_keys, stable=True)
    prompt_index = torch.unique(prompt_keys[order], return_inverse=True)[1]
    generator = torch.Generator().manual_seed(seed)
    candidates = Candidates(advantages[order], accuracy[order], prompt_index, progress, generator, truncated[order])
    chosen = advantage_filter(candidates)
    stats = selection_stats(candidates.advantages, candidates.accuracy, prompt_index, *chosen)
    if per_rank:
        stats = all_mean(stats)
    times = torch.zeros(len(order)).index_put((order[chosen.indices],), chosen.weights.float(), accumulate=True)
    start = 0 if per_rank else sum(len(each[0]) for each in everyone[: get_rank()])
    own = times[start : start + len(valid)]
    return RankSelection(Selection(valid[own > 0], own[own > 0]), stats)
