"""Cutting a selection into micro-batches."""

from dataclasses import replace

import pytest
import torch

from revisual.data.prompt import EncodedPrompt
from revisual.rl.batch import RolloutBatch
from revisual.training.micro_batches import cut


def rollouts(rows, owners=None, lengths=None, prompt_lengths=None):
    owners, lengths = owners or list(range(rows)), lengths or [1] * rows
    prompt_ids = [torch.zeros(n, dtype=torch.long) for n in prompt_lengths or [1] * rows]
    zeros, width = torch.zeros(rows), max([1, *lengths])
    tokens = torch.arange(rows)[:, None].expand(-1, width)
    return RolloutBatch(
        prompts=[EncodedPrompt(str(p), None, ids, ids, ids) for p, ids in enumerate(prompt_ids)],
        prompt_index=torch.tensor(owners, dtype=torch.long),
        token_ids=tokens,
        completion_mask=torch.arange(width) < torch.tensor(lengths, dtype=torch.long)[:, None],
        responses=[str(row) for row in range(rows)],
        truncated=torch.zeros(rows, dtype=torch.bool),
        rollout_logprobs=zeros[:, None].expand(-1, width),
        policy_version=torch.zeros(rows, dtype=torch.long),
        valid=torch.ones(rows, dtype=torch.bool),
        accuracy=zeros,
        rewards=zeros,
        weights=torch.ones(rows),
    )


SPARE = replace(rollouts(1), token_ids=torch.tensor([[-1]]))


def rows_of(part):
    return part.token_ids[part.weights > 0, 0].tolist()


@pytest.mark.parametrize(("rows", "parts", "filled"), [
    (0, 4, [0, 0, 0, 0]), (1, 4, [0, 0, 0, 1]), (2, 4, [0, 0, 1, 1]), (3, 4, [0, 1, 1, 1]), (4, 4, [1, 1, 1, 1]),
    (7, 4, [1, 2, 2, 2]), (9, 2, [4, 5]), (5, 1, [5]),
])  # fmt: skip
def test_rows_are_spread_over_the_parts_of_one_update(rows, parts, filled):
    micro = cut(rollouts(rows), SPARE, parts, parts)
    assert sorted(len(rows_of(part)) for part in micro) == filled
    assert sorted(row for part in micro for row in rows_of(part)) == list(range(rows))
    assert all(len(part) for part in micro)


@pytest.mark.parametrize(("rows", "parts", "per_update", "updates"), [
    (8, 4, 2, [[0, 1, 2, 3], [4, 5, 6, 7]]), (3, 8, 2, [[], [0], [1], [2]]), (5, 2, 1, [[0, 1], [2, 3, 4]]),
])  # fmt: skip
def test_an_update_keeps_consecutive_rows(rows, parts, per_update, updates):
    micro = cut(rollouts(rows), SPARE, parts, per_update)
    found = [micro[i : i + per_update] for i in range(0, parts, per_update)]
    assert [sorted(row for part in update for row in rows_of(part)) for update in found] == updates


def test_groups_stay_together():
    owners, lengths = [0, 0, 0, 1, 1, 2, 2, 2, 3], [2, 3, 4, 1, 1, 5, 5, 5, 7]
    micro = cut(rollouts(9, owners, lengths, [3, 2, 10, 1]), SPARE, 2, 2)
    # Tokens of the groups: 3 + 9, 2 + 2, 10 + 15 and 1 + 7. The largest alone against the others: 25 and 24.
    assert [sorted(rows_of(part)) for part in micro] == [[5, 6, 7], [0, 1, 2, 3, 4, 8]]


def test_a_group_larger_than_its_share_is_halved():
    micro = cut(rollouts(8, [0] * 8, [1, 2, 3, 4, 5, 6, 7, 8], [4]), SPARE, 2, 2)
    assert sorted(sorted(rows_of(part)) for part in micro) == [[0, 1, 2, 3], [4, 5, 6, 7]]
