"""What one optimizer step learns from: passes that hold at most so many tokens, without changing its gradient."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Generic, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from revisual.core.distributed import all_gather_objects
from revisual.data.prompt import EncodedPrompt
from revisual.rl.batch import RolloutBatch
from revisual.rl.losses import PolicyLoss
from revisual.training.packing import group_rows, pack

M = TypeVar("M")


@dataclass(frozen=True)
class MicroBatch(Generic[M]):
    """Rows that go through the policy at once, and what the other ranks must know of them."""

    rows: M
    count: float
    """This pass's share of the update's normalizer."""
    has_pictures: bool


@dataclass(frozen=True)
class Pass(Generic[M]):
    """One forward and backward pass."""

    rows: M
    uses_vision: bool
    """Whether some rank's rows have pictures: those without one then compute a blank picture, since sharding
    strategies need every rank to come by the same weights in the same order."""

    def with_rows(self, **changed: Any) -> "Pass[M]":
        """Return the pass with other values in fields of its rows, which are a dataclass."""
        rows: Any = self.rows
        return replace(self, rows=replace(rows, **changed))


LossOfPass = Callable[[Pass[M], Float[Tensor, ""]], tuple[Float[Tensor, ""], Mapping[str, Tensor]]]
"""Gives a pass's share of an update's loss, normalized by a count, and shares of what is logged."""


@dataclass(frozen=True)
class Update(Generic[M]):
    """The passes of one optimizer step: equally many on every rank, however many rows each has."""

    passes: tuple[Pass[M], ...]
    loss_of_pass: LossOfPass[M]
    count: float
    """The normalizer: tokens or sequences of all passes and ranks."""
    learns_pictures: bool
    """Whether rows with a weight have pictures, on any rank."""


def agree_on_updates(
    updates: Sequence[Sequence[MicroBatch[M]]], loss_of_pass: LossOfPass[M], spare: M, always_vision: bool
) -> list[Update[M]]:
    """Make this rank's part of updates that all ranks take together; every rank must call it.

    Args:
        updates: this rank's micro-batches, update by update. Ranks may have different numbers of them.
        loss_of_pass: what they minimize.
        spare: rows of no weight, for the passes that only other ranks have rows for.
        always_vision: whether the last pass of an update uses every part of the policy, pictures or none: DDP waits
            for the gradients of all.
    """
    mine = [[(each.count, each.has_pictures) for each in update] for update in updates]
    everyone = all_gather_objects(mine)
    agreed = []
    for number, update in enumerate(updates):
        facts = [each[number] for each in everyone]
        length = max(1, *(len(rank) for rank in facts))
        vision = [any(rank[i][1] for rank in facts if i < len(rank)) for i in range(length)]
        rows = [*(each.rows for each in update), *[spare] * (length - len(update))]
        passes = [Pass(one, uses) for one, uses in zip(rows, [*vision[:-1], vision[-1] or always_vision], strict=True)]
        count = math.fsum(share for rank in facts for share, _ in rank)
        agreed.append(Update(tuple(passes), loss_of_pass, count, any(vision)))
    return agreed


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
    ends = [i * len(batch) // parts for i in range(parts + 1)]
    updates = []
    for start, end in pairwise(ends):
        rows = [batch.rows(part) for part in pack_rollouts(batch, range(start, end), max_tokens, shares_prompts)]
        updates.append([MicroBatch(each, float(loss.count(each)), learns_pictures(each)) for each in rows])
    return updates


def pack_rollouts(batch: RolloutBatch, rows: range, max_tokens: int, shares_prompts: bool) -> list[list[int]]:
    """Return rows in parts for passes of at most `max_tokens` tokens."""
    groups = group_rows(batch.prompt_index.tolist(), rows) if shares_prompts else [[row] for row in rows]
    return pack(groups, *row_costs(batch), max_tokens)


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


def row_costs(batch: RolloutBatch) -> tuple[list[int], list[int]]:
    """Return the tokens of each row's prompt and of its completion."""
    prompts = [len(batch.prompts[p].token_ids) for p in batch.prompt_index.tolist()]
    return prompts, batch.completion_mask.sum(1).tolist()
