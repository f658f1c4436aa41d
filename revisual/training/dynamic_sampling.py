"""Dynamic sampling: prompts are drawn until enough groups say something (DAPO, arXiv 2503.14476, section 3.2)."""

from collections.abc import Callable, Mapping, Sequence

from revisual.core.distributed import all_sum
from revisual.data.prompt import EncodedPrompt
from revisual.rl.batch import RolloutBatch
from revisual.rl.filters.base import accuracy_varies


def draw_until_informative(
    draw: Callable[[Sequence[EncodedPrompt]], tuple[RolloutBatch, Mapping[str, float]]],
    prompts: Sequence[EncodedPrompt],
    wanted: int,
) -> tuple[RolloutBatch, dict[str, float]]:
    """Draw groups in rounds, until so many are neither all right nor all wrong, or no prompt is left.

    Every rank must call it, with as many prompts; the groups of all count.

    Args:
        draw: draws, grades and scores the rollouts of some prompts, and gives what to log of that.
        prompts: this rank's, in the order that they are drawn in, `wanted` at a time.
        wanted: informative groups that are wanted, on the average of all ranks.

    Returns:
        All rollouts, and what to log of drawing them: seconds and tokens of all rounds, what no filter keeps included.
    """
    ranks = all_sum({"ranks": 1.0})["ranks"]
    rounds, informative = [], 0.0
    for start in range(0, len(prompts), wanted):
        rounds.append(draw(prompts[start : start + wanted]))
        informative += all_sum({"groups": float(informative_groups(rounds[-1][0]))})["groups"]
        if informative >= wanted * ranks:
            break
    stats = dict(rounds[-1][1])
    for name in ("rollout/seconds", "rollout/tokens"):
        stats[name] = sum(each[name] for _, each in rounds)
    stats["rollout/tokens_per_second"] = stats["rollout/tokens"] / stats["rollout/seconds"]
    found = {"rollout/rounds": float(len(rounds)), "rollout/informative_groups": informative}
    return RolloutBatch.join([batch for batch, _ in rounds]), stats | found


def informative_groups(batch: RolloutBatch) -> int:
    """Return the number of groups with right and wrong rollouts; those that nobody could grade count for nothing."""
    graded = batch.accuracy.where(batch.valid, float("nan"))
    return len(set(batch.prompt_index.cpu()[accuracy_varies(graded, batch.prompt_index)].tolist()))
