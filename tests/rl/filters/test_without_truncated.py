"""Overlong filtering, and that the loss is that of a batch without the rows."""

from dataclasses import replace

import torch
from torch.testing import assert_close

from revisual.data.sample import Sample
from revisual.rl.batch import PolicyOutputs
from revisual.rl.filters import Candidates, EffectiveOnly, KeepAll, WithoutTruncated
from revisual.rl.filters.over_ranks import select_over_ranks
from revisual.rl.losses import ClippedLoss, Coefficients
from rl.helpers import random_batch


def test_cut_rows_are_left_out_and_the_rest_goes_on():
    candidates = Candidates.of([0.5, 0.01, -0.5, 1.0], truncated=[True, False, False, False])
    assert WithoutTruncated()(candidates).indices.tolist() == [1, 2, 3]
    assert WithoutTruncated(EffectiveOnly(0.03))(candidates).indices.tolist() == [2, 3]


def test_where_nothing_is_known_nothing_is_left_out():
    candidates = Candidates.of([0.5, 0.01])
    assert WithoutTruncated()(candidates).indices.tolist() == KeepAll()(candidates).indices.tolist() == [0, 1]


def test_all_cut_is_an_empty_selection():
    assert len(WithoutTruncated()(Candidates.of([0.5, -0.5], truncated=[True, True])).indices) == 0


def test_the_loss_is_that_of_the_rows_that_are_left():
    batch = random_batch(1, [3, 2, 4, 1])
    prompts = [replace(prompt, sample=Sample(prompt.id)) for prompt in batch.prompts]
    batch = replace(batch, prompts=prompts, truncated=torch.tensor([False, True, True, False]))
    chosen = select_over_ranks(WithoutTruncated(), batch, 0.0, seed=0).selection
    kept, by_hand = batch.select(*chosen), batch.rows([0, 3])
    by_hand = replace(by_hand, weights=torch.ones(2, dtype=torch.float64))
    losses = []
    for rows in (kept, by_hand):
        outputs = PolicyOutputs(rows.old_logprobs - 0.1)
        losses.append(ClippedLoss()(outputs, rows, ClippedLoss().count(rows), Coefficients())[0])
    assert_close(*losses)
