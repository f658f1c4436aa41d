"""One selection among the rollouts of all ranks."""

from dataclasses import replace

import pytest
import torch

from revisual.data.sample import Sample
from revisual.rl.filters import EffectiveOnly, PrioritizedAdvantageDistillation, over_ranks
from revisual.rl.filters.over_ranks import select_over_ranks
from rl.helpers import random_batch


def batch_of(names, accuracy, advantages, valid=None):
    """Two rollouts of each prompt, named source/id."""
    rows = 2 * len(names)
    batch = random_batch(0, [1] * rows, prompts=len(names))
    samples = [Sample(name.split("/")[1], source=name.split("/")[0]) for name in names]
    prompts = [replace(p, id=s.id, sample=s) for p, s in zip(batch.prompts, samples, strict=True)]
    return replace(
        batch,
        prompts=prompts,
        prompt_index=torch.arange(len(names)).repeat_interleave(2),
        accuracy=torch.tensor(accuracy),
        advantages=torch.tensor(advantages),
        valid=torch.ones(rows, dtype=torch.bool) if valid is None else torch.tensor(valid),
    )


def test_prompts_of_two_sources_with_one_id_are_two_groups():
    """All wrong here, all right there: as one group they would look mixed."""
    batch = batch_of(["a/7", "b/7"], [0.0, 0.0, 1.0, 1.0], [0.5, -0.5, 0.5, -0.5])
    chosen = select_over_ranks(EffectiveOnly(0.1, drop_constant_accuracy=True), batch, 0.0, seed=1)
    assert len(chosen.selection.indices) == 0
    assert (chosen.stats["advantage/all_right_fraction"], chosen.stats["advantage/all_wrong_fraction"]) == (0.5, 0.5)


def test_what_is_not_valid_is_never_chosen():
    batch = batch_of(["a/1", "a/2"], [0.0, 1.0, 0.0, 1.0], [1.0, -1.0, 2.0, -2.0], [True, False, True, True])
    chosen = select_over_ranks(EffectiveOnly(0.1), batch, 0.0, seed=1)
    assert chosen.selection.indices.tolist() == [0, 2, 3]


@pytest.mark.parametrize("ratio", [0.25, 0.5])
def test_the_choice_does_not_depend_on_how_prompts_were_dealt(monkeypatch, ratio):
    names = [f"a/{i}" for i in range(6)]
    advantages = [0.1 * (i + 1) * (-1) ** i for i in range(12)]
    accuracy = [float(i % 2) for i in range(12)]
    part = PrioritizedAdvantageDistillation(ratio=ratio)
    whole = select_over_ranks(part, batch_of(names, accuracy, advantages), 0.5, seed=4).selection.indices.tolist()

    orders = [[5, 0, 2], [1, 4, 3]]
    parts = [
        batch_of(
            [names[p] for p in order],
            [accuracy[2 * p + j] for p in order for j in (0, 1)],
            [advantages[2 * p + j] for p in order for j in (0, 1)],
        )
        for order in orders
    ]
    sent = []
    monkeypatch.setattr(over_ranks, "all_gather_objects", lambda mine: sent.append(mine) or [mine])
    for each in parts:
        select_over_ranks(part, each, 0.5, seed=4)
    monkeypatch.setattr(over_ranks, "all_gather_objects", lambda mine: list(sent))
    found = []
    for rank, (order, each) in enumerate(zip(orders, parts, strict=True)):
        monkeypatch.setattr(over_ranks, "get_rank", lambda rank=rank: rank)
        rows = select_over_ranks(part, each, 0.5, seed=4).selection.indices.tolist()
        found += [2 * order[row // 2] + row % 2 for row in rows]
    assert sorted(found) == whole
