from dataclasses import replace

import pytest
import torch

from revisual.rl.batch import RolloutBatch

from .helpers import random_batch

PER_ROW = [
    "token_ids",
    "completion_mask",
    "truncated",
    "rollout_logprobs",
    "policy_version",
    "valid",
    "accuracy",
    "rewards",
    "advantages",
    "old_logprobs",
    "reference_logprobs",
]


def test_select_takes_every_per_row_field_in_the_order_asked_for():
    batch = random_batch(0, [3, 1, 2, 3, 2])
    part = batch.select(torch.tensor([4, 0, 0]), torch.tensor([2.0, 1.0, 5.0]))
    for name in PER_ROW:
        for row, source in enumerate([4, 0, 0]):
            assert getattr(part, name)[row].tolist() == getattr(batch, name)[source].tolist(), name
    assert list(part.responses) == ["r4", "r0", "r0"]
    assert part.reward_terms["length"].tolist() == [batch.reward_terms["length"][i].item() for i in (4, 0, 0)]
    assert part.weights.tolist() == [2.0, 1.0, 5.0]
    assert len(part) == 3


def test_select_lets_unused_prompts_go_and_still_points_at_the_right_ones():
    batch = random_batch(0, [1] * 6, prompts=3)
    part = batch.select(torch.tensor([5, 1, 2, 4]), torch.ones(4))
    assert [p.id for p in part.prompts] == ["p1", "p2"]
    assert [part.prompts[i].id for i in part.prompt_index.tolist()] == ["p2", "p1", "p2", "p1"]


def test_an_empty_selection_is_an_empty_batch():
    empty = random_batch(0, [2, 1]).select(torch.zeros(0, dtype=torch.long), torch.zeros(0))
    assert len(empty) == 0
    assert list(empty.prompts) == [] and empty.token_ids.shape == (0, 2)


def test_rules_travel_with_their_rows():
    batch = replace(random_batch(0, [3, 1, 2]), rules=["a", "b", "c"])
    part = batch.rows([2, 0, 2])
    assert list(part.rules) == ["c", "a", "c"] and list(batch.to("cpu").rules) == ["a", "b", "c"]
    assert list(RolloutBatch.join([part, batch]).rules) == ["c", "a", "c", "a", "b", "c"]
    assert list(random_batch(0, [3, 1]).rows([1]).rules) == []


def test_optional_fields_stay_none():
    batch = random_batch(0, [2, 1], reference=False)
    assert batch.select(torch.tensor([1]), torch.ones(1)).reference_logprobs is None


def test_rows_keep_their_weights_and_order():
    batch = random_batch(1, [3, 1, 2, 3, 2])
    part = batch.rows([4, 1])
    assert list(part.responses) == ["r4", "r1"]
    for name in [*PER_ROW, "weights"]:
        assert torch.equal(getattr(part, name), getattr(batch, name)[[4, 1]]), name


def test_fields_must_agree_on_the_number_of_rows():
    whole = vars(random_batch(0, [2, 1, 1]))
    with pytest.raises(Exception, match="rewards"):
        RolloutBatch(**{**whole, "rewards": torch.zeros(2, dtype=torch.float64)})
