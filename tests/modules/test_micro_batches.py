"""Cutting a selection into micro-batches."""

from dataclasses import replace

import pytest
import torch

from revisual.modules.micro_batches import cut
from revisual.rl.batch import EncodedPrompt, RolloutBatch


def rollouts(rows):
    zeros, ids = torch.zeros(rows), torch.zeros(1, dtype=torch.long)
    tokens = torch.arange(rows)[:, None]
    return RolloutBatch(
        prompts=[EncodedPrompt(str(row), None, ids, ids, ids) for row in range(rows)],
        prompt_index=torch.arange(rows),
        token_ids=tokens,
        completion_mask=torch.ones(rows, 1, dtype=torch.bool),
        responses=[str(row) for row in range(rows)],
        truncated=torch.zeros(rows, dtype=torch.bool),
        rollout_logprobs=zeros[:, None],
        policy_version=torch.zeros(rows, dtype=torch.long),
        valid=torch.ones(rows, dtype=torch.bool),
        accuracy=zeros,
        rewards=zeros,
        weights=torch.ones(rows),
    )


@pytest.mark.parametrize(("rows", "parts", "filled"), [
    (0, 4, [0, 0, 0, 0]), (1, 4, [0, 0, 0, 1]), (2, 4, [0, 1, 0, 1]), (3, 4, [0, 1, 1, 1]), (4, 4, [1, 1, 1, 1]),
    (7, 4, [1, 2, 2, 2]), (3, 8, [0, 0, 1, 0, 0, 1, 0, 1]), (9, 2, [4, 5]), (5, 1, [5]),
])  # fmt: skip
def test_rows_are_spread_over_the_parts_in_their_order(rows, parts, filled):
    spare = replace(rollouts(1), token_ids=torch.tensor([[-1]]))
    micro = cut(rollouts(rows), spare, parts)
    assert [int(part.weights.sum()) for part in micro] == filled
    assert [row for part in micro for row in part.token_ids[part.weights > 0, 0].tolist()] == list(range(rows))
    assert all(len(part) for part in micro)
