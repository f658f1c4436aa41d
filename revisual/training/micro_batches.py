"""Cutting rows into passes that hold at most so many tokens, without changing any update's gradient."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import torch

from revisual.data.prompt import EncodedPrompt
from revisual.rl.batch import RolloutBatch
from revisual.rl.losses import PolicyLoss
from revisual.training.update import MicroBatch


def cut_rollouts(
    batch: RolloutBatch, loss: PolicyLoss, parts: int, max_tokens: int, shares_prompts: bool
) -> list[list[MicroBatch[RolloutBatch]]]:
    """Cut this rank's rollouts into `parts` updates of nearly as many rows, consecutive ones, and these into passes.

    Args:
        batch: the rollouts to learn from.
        loss: counts what they are normalized by.
        parts: number of updates.
        max_tokens: most tokens of a pass.
        shares_prompts: whether a pass computes the prompt of a group once, or once for each of its rows.
    """
    owners, costs = batch.prompt_index.tolist(), row_costs(batch)
    ends = [i * len(batch) // parts for i in range(parts + 1)]
    updates = []
    for start, end in pairwise(ends):
        groups = group_rows(owners, range(start, end)) if shares_prompts else [[row] for row in range(start, end)]
        rows = [batch.rows(part) for part in pack(groups, *costs, max_tokens)]
        updates.append([MicroBatch(each, float(loss.count(each)), learns_pictures(each)) for each in rows])
    return updates


def learns_pictures(batch: RolloutBatch) -> bool:
    """Return whether a row that has a weight has a picture."""
    owners = zip(batch.prompt_index.tolist(), batch.weights.tolist(), strict=True)
    return any(weight > 0 and bool(batch.prompts[prompt].pictures) for prompt, weight in owners)


def spare_prompt(token: int) -> EncodedPrompt:
    """Return a prompt of one token of text, for passes without rows."""
    ids = torch.tensor([token])
    return EncodedPrompt("spare", None, ids, ids, torch.zeros_like(ids))


def spare_rollout(batch: RolloutBatch, token: int) -> RolloutBatch:
    """Return a rollout of one token and no weight, shaped as those of `batch`."""
    row = batch.select(torch.zeros(1, dtype=torch.long), torch.zeros(1))
    ids = torch.full_like(row.token_ids[:, :1], token)
    return replace(
        row,
        prompts=[spare_prompt(token)],
        token_ids=ids,
        completion_mask=torch.ones_like(ids, dtype=torch.bool),
        rollout_logprobs=torch.zeros_like(row.rollout_logprobs[:, :1]),
        advantages=torch.zeros_like(row.rewards),
    )


def group_rows(owners: Sequence[int], rows: Sequence[int]) -> list[list[int]]:
    """Return `rows`, those of one prompt together, in the order of their first; `owners` says each row's prompt.

    Example: `group_rows([0, 1, 0, 2], range(1, 4)) == [[1], [2], [3]]`
    """
    groups: dict[int, list[int]] = {}
    for row in rows:
        groups.setdefault(owners[row], []).append(row)
    return list(groups.values())


def row_costs(batch: RolloutBatch) -> tuple[list[int], list[int]]:
    """Return the tokens of each row's prompt and of its completion."""
    prompts = [len(batch.prompts[p].token_ids) for p in batch.prompt_index.tolist()]
    return prompts, batch.completion_mask.sum(1).tolist()


def pack(
    groups: Sequence[Sequence[int]], prompts: Sequence[int], completions: Sequence[int], max_tokens: int
) -> list[list[int]]:
    """Return the groups' rows in few parts of at most `max_tokens` tokens, and of nearly as many.

    A group counts its prompt once. It is cut only where it alone is over the limit, and a row that is gets a part of
    its own.

    Args:
        groups: rows that share a prompt.
        prompts: tokens of each row's prompt.
        completions: tokens of each row's completion.
        max_tokens: most tokens of a part.

    Example: `pack([[0, 1], [2]], [4, 4, 9], [3, 3, 1], 10)` is `[[0, 1], [2]]` or the like: 10 tokens and 10.
    """

    def tokens(piece: Sequence[int]) -> int:
        return prompts[piece[0]] + sum(completions[row] for row in piece)

    pieces: list[list[int]] = []
    for group in groups:
        pieces += cut_group(group, prompts[group[0]], completions, max_tokens)
    pieces.sort(key=tokens, reverse=True)
    sizes = [tokens(piece) for piece in pieces]
    number = len(fill_first(sizes, max_tokens))
    parts = fill_emptiest(sizes, number)
    if any(sum(sizes[i] for i in part) > max(max_tokens, *sizes[:1]) for part in parts):
        parts = fill_first(sizes, max_tokens)
    return [sorted(row for i in part for row in pieces[i]) for part in parts]


def cut_group(group: Sequence[int], prompt: int, completions: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Return the rows of a group in as few pieces as fit the limit, each with the prompt.

    Example: `cut_group([0, 1, 2], 4, [3, 3, 3], 10) == [[0, 1], [2]]`
    """
    pieces: list[list[int]] = []
    room = 0
    for row in group:
        if not pieces or completions[row] > room:
            pieces.append([])
            room = max_tokens - prompt
        pieces[-1].append(row)
        room -= completions[row]
    return pieces


def fill_first(sizes: Sequence[int], most: int) -> list[list[int]]:
    """Return numbers of `sizes`, a descending list, in parts of at most `most`: each goes to the first that has room.

    Example: `fill_first([6, 5, 4, 3], 10) == [[0, 2], [1, 3]]`
    """
    parts: list[list[int]] = []
    room: list[int] = []
    for number, size in enumerate(sizes):
        part = next((p for p, left in enumerate(room) if size <= left), None)
        if part is None:
            part = len(parts)
            parts.append([])
            room.append(most)
        parts[part].append(number)
        room[part] -= size
    return parts


def fill_emptiest(sizes: Sequence[int], parts: int) -> list[list[int]]:
    """Return numbers of `sizes`, a descending list, in `parts` lists: each goes to the emptiest.

    Example: `fill_emptiest([6, 5, 4, 3], 2) == [[0, 3], [1, 2]]`
    """
    lists: list[list[int]] = [[] for _ in range(parts)]
    filled = [0] * parts
    for number, size in enumerate(sizes):
        emptiest = filled.index(min(filled))
        lists[emptiest].append(number)
        filled[emptiest] += size
    return lists
