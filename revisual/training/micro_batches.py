"""Cutting a rollout's selection into micro-batches without changing any optimizer step's gradient."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from revisual.rl.batch import RolloutBatch


def cut(batch: RolloutBatch, spare: RolloutBatch, parts: int, parts_per_update: int) -> list[RolloutBatch]:
    """`batch` in `parts` micro-batches, `parts_per_update` to an optimizer step.

    Each optimizer step gets nearly as many rows, consecutive ones. Within it, groups stay together, so that a prompt
    is computed once, and go to the micro-batches such that these hold nearly as many tokens. Every rank must run
    equally many passes whatever a filter kept: a part without rows is the first row of `spare` at weight 0.
    """
    nothing = torch.zeros(1)
    dummy = spare.select(nothing.long(), nothing)
    updates, owners, costs = parts // parts_per_update, batch.prompt_index.tolist(), row_costs(batch)
    ends = [i * len(batch) // updates for i in range(updates + 1)]
    micro = []
    for start, end in pairwise(ends):
        for rows in balanced(row_groups(owners, range(start, end)), costs, parts_per_update):
            indices = torch.tensor(rows, dtype=torch.long)
            micro.append(batch.select(indices, batch.weights[indices.to(batch.weights.device)]) if rows else dummy)
    return micro


def spare_row(batch: RolloutBatch, end_token: int) -> RolloutBatch:
    """A row of one end token for passes without rollouts: any that was sampled might not pass a forward."""
    row = batch.select(torch.zeros(1, dtype=torch.long), torch.zeros(1))
    tokens = torch.full_like(row.token_ids[:, :1], end_token)
    return replace(
        row,
        token_ids=tokens,
        completion_mask=torch.ones_like(tokens, dtype=torch.bool),
        rollout_logprobs=row.rollout_logprobs[:, :1],
    )


def row_groups(owners: Sequence[int], rows: Sequence[int]) -> list[list[int]]:
    """`rows`, those of one prompt together, in the order of their first; `owners` says each row's prompt.

    Example: `row_groups([0, 1, 0, 2], range(1, 4)) == [[1], [2], [3]]`
    """
    groups: dict[int, list[int]] = {}
    for row in rows:
        groups.setdefault(owners[row], []).append(row)
    return list(groups.values())


def row_costs(batch: RolloutBatch) -> tuple[list[int], list[int]]:
    """Tokens of each row's prompt, which a group has once, and of its completion."""
    prompts = [len(batch.prompts[p].token_ids) for p in batch.prompt_index.tolist()]
    return prompts, batch.completion_mask.sum(1).tolist()


def balanced(
    groups: Sequence[Sequence[int]], costs: tuple[Sequence[int], Sequence[int]], parts: int
) -> list[list[int]]:
    """The groups' rows in `parts` lists of nearly as many tokens: the largest group first, to the emptiest list.

    Groups larger than a list's share are halved, so that fewer groups than lists leave none empty that need not be.

    Example: `balanced([[0, 1], [2]], ([4, 4, 9], [3, 3, 1]), 2)` is `[[2], [0, 1]]` or the like: 10 tokens and 10.
    """
    prompts, completions = costs

    def tokens(group: Sequence[int]) -> int:
        return prompts[group[0]] + sum(completions[row] for row in group)

    pieces = [list(group) for group in groups]
    while len(pieces) < parts and any(len(piece) > 1 for piece in pieces):
        largest = max((piece for piece in pieces if len(piece) > 1), key=tokens)
        pieces.remove(largest)
        pieces += [largest[: len(largest) // 2], largest[len(largest) // 2 :]]
    lists: list[list[int]] = [[] for _ in range(parts)]
    filled = [0] * parts
    for piece in sorted(pieces, key=tokens, reverse=True):
        emptiest = filled.index(min(filled))
        lists[emptiest] += piece
        filled[emptiest] += tokens(piece)
    return lists


def counts_per_update(counts: Sequence[Float[Tensor, ""]], micro_batches_per_update: int) -> Float[Tensor, " U"]:
    """The normalizer of each optimizer step: the counts of its micro-batches, summed over all ranks."""
    totals = torch.stack(list(counts)).view(-1, micro_batches_per_update).sum(1)
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.all_reduce(totals)
    return totals
