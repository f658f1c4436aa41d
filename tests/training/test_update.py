"""Rows cut into passes, and what ranks agree on: equally many passes, one normalizer, and who computes a picture."""

from dataclasses import dataclass

import pytest
import torch

from revisual.data.prompt import EncodedPrompt
from revisual.rl.batch import RolloutBatch
from revisual.rl.losses import ClippedLoss
from revisual.training import update
from revisual.training.update import MicroBatch, Pass, agree_on_updates, cut_rollouts, spare_rollout


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


def rows_of(micro_batch):
    return micro_batch.rows.token_ids[:, 0].tolist()


def cut(batch, parts, max_tokens, shares_prompts=True):
    return cut_rollouts(batch, ClippedLoss(), parts, max_tokens, shares_prompts)


@pytest.mark.parametrize(("rows", "parts", "expected"), [
    (8, 2, [[0, 1, 2, 3], [4, 5, 6, 7]]), (3, 4, [[], [0], [1], [2]]), (5, 2, [[0, 1], [2, 3, 4]]), (0, 2, [[], []]),
])  # fmt: skip
def test_an_update_has_consecutive_rows(rows, parts, expected):
    updates = cut(rollouts(rows), parts, max_tokens=1000)
    assert [sorted(row for part in update for row in rows_of(part)) for update in updates] == expected


GROUPS = rollouts(9, [0, 0, 0, 1, 1, 2, 2, 2, 3], [2, 3, 4, 1, 1, 5, 5, 5, 7], [3, 2, 10, 1])
"""Tokens of the groups: 3 + 9, 2 + 2, 10 + 15 and 1 + 7."""


def test_groups_stay_together_where_they_fit():
    (update,) = cut(GROUPS, 1, max_tokens=25)
    assert sorted(rows_of(part) for part in update) == [[0, 1, 2, 3, 4, 8], [5, 6, 7]]
    assert [part.count for part in update] == [float(part.rows.completion_mask.sum()) for part in update]


def test_a_group_is_cut_only_where_it_alone_is_over_the_limit():
    (update,) = cut(GROUPS, 1, max_tokens=20)
    assert sorted(rows_of(part) for part in update) == [[0, 1, 2, 8], [3, 4, 7], [5, 6]]


def test_a_row_over_the_limit_has_a_pass_of_its_own():
    (update,) = cut(rollouts(2, [0, 0], [50, 2], [4]), 1, max_tokens=20)
    assert sorted(rows_of(part) for part in update) == [[0], [1]]


def test_padded_rows_each_bring_their_prompt():
    (update,) = cut(rollouts(4, [0] * 4, [1] * 4, [9]), 1, max_tokens=20, shares_prompts=False)
    assert sorted(len(rows_of(part)) for part in update) == [2, 2]


def test_the_spare_row_is_one_token_of_text():
    spare = spare_rollout(GROUPS, 7)
    assert spare.token_ids.tolist() == [[7]] and spare.weights.tolist() == [0.0]
    assert [len(prompt.token_ids) for prompt in spare.prompts] == [1] and not spare.prompts[0].pictures


def facts(*counts_and_pictures):
    return [MicroBatch(f"rows {i}", count, has) for i, (count, has) in enumerate(counts_and_pictures)]


def loss(one, count):
    return torch.zeros(()), {}


def among(monkeypatch, others):
    """Have the other ranks say what their updates are."""

    def gather(mine):
        return [mine, *([[(each.count, each.has_pictures) for each in part] for part in other] for other in others)]

    monkeypatch.setattr(update, "all_gather_objects", gather)


def test_alone_nothing_changes():
    (only,) = agree_on_updates([facts((3.0, False), (4.0, True))], loss, "spare", always_vision=False)
    assert [one.rows for one in only.passes] == ["rows 0", "rows 1"]
    assert only.count == 7.0 and only.learns_pictures
    assert [one.uses_vision for one in only.passes] == [False, True]


def test_nothing_at_all_is_one_pass_of_the_spare_row():
    (only,) = agree_on_updates([[]], loss, "spare", always_vision=False)
    assert [one.rows for one in only.passes] == ["spare"] and only.count == 0 and not only.learns_pictures


def test_ranks_go_through_equally_many_passes(monkeypatch):
    among(monkeypatch, [[facts((1.0, False), (1.0, True), (1.0, False)), []]])
    first, second = agree_on_updates([facts((5.0, False)), facts((2.0, False))], loss, "spare", always_vision=False)
    assert [one.rows for one in first.passes] == ["rows 0", "spare", "spare"] and first.count == 8.0
    assert [one.uses_vision for one in first.passes] == [False, True, False] and first.learns_pictures
    assert [one.rows for one in second.passes] == ["rows 0"] and not second.learns_pictures


@pytest.mark.parametrize("always", [True, False])
def test_the_last_pass_may_have_to_touch_everything(always):
    (only,) = agree_on_updates([facts((1.0, False), (1.0, False))], loss, "spare", always_vision=always)
    assert [one.uses_vision for one in only.passes] == [False, always] and not only.learns_pictures


def test_rows_of_a_pass_can_be_completed():
    @dataclass(frozen=True)
    class Rows:
        ids: int
        old: int | None = None

    assert Pass(Rows(3), True).with_rows(old=4) == Pass(Rows(3, 4), True)
