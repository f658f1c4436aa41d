"""Ranks get nearly equal token counts."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from revisual.rl.batch import RolloutBatch
from revisual.training.rank_balance import assign_owners, rebalance_over_ranks

from .helpers import Keep, fit, grpo, prompts, some_samples


def loads(costs, owners):
    sums = [0] * len(costs)
    for own, places in zip(costs, owners, strict=True):
        for cost, place in zip(own, places, strict=True):
            sums[place] += cost
    return sums


@given(st.lists(st.lists(st.integers(1, 100), max_size=12), min_size=2, max_size=5))
def test_the_fullest_rank_is_never_fuller_than_before(costs):
    owners = assign_owners(costs)
    before, after = [sum(own) for own in costs], loads(costs, owners)
    assert sum(after) == sum(before) and max(after) <= max(before) and min(after) >= min(before)
    fullest, gap = after.index(max(after)), max(after) - min(after)
    own = [c for o, p in zip(costs, owners, strict=True) for c, r in zip(o, p, strict=True) if r == fullest]
    assert all(cost >= gap for cost in own)  # no single piece of the fullest rank could make it better


def test_thoughts_of_unequal_length_are_spread():
    generator = torch.Generator().manual_seed(0)
    lengths = torch.empty(8, 64).log_normal_(6.0, 0.9, generator=generator).int()
    lengths[0] *= 2  # one rank drew the hard prompts
    costs = lengths.tolist()
    before, after = [sum(own) for own in costs], loads(costs, assign_owners(costs))
    assert max(before) / (sum(before) / 8) > 1.5
    assert max(after) / (sum(after) / 8) < 1.002


def test_one_process_keeps_what_it_has():
    assert rebalance_over_ranks(["a", "b"], [3, 100]) == ["a", "b"]


def split(batch, sizes):
    return [batch.rows(rows.tolist()) for rows in torch.arange(len(batch)).split(sizes)]


def test_parts_join_to_the_batch_they_were(policy_folder, tmp_path):
    keep = Keep()
    fit(grpo(policy_folder), prompts(some_samples(4), batch_size=4), tmp_path, 1, [keep])
    batch = keep.kept[0][0]
    joined = RolloutBatch.join(split(batch, [4, 8, 4]))
    assert [p.id for p in joined.prompts] == [p.id for p in batch.prompts]
    assert joined.responses == batch.responses
    for name, value in vars(batch).items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(getattr(joined, name), value), name
    narrow = split(batch, [4, 12])
    short = {n: v[:, :2] for n, v in vars(narrow[0]).items() if isinstance(v, torch.Tensor) and v.ndim == 2}
    padded = RolloutBatch.join([type(batch)(**{**vars(narrow[0]), **short}), narrow[1]])
    assert torch.equal(padded.token_ids[:4, :2], batch.token_ids[:4, :2]) and not padded.completion_mask[:4, 2:].any()
