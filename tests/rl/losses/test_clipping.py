import math
from dataclasses import replace

import pytest
import torch

from revisual.rl.batch import PolicyOutputs
from revisual.rl.losses import ClippedLoss, Coefficients, SequenceRatioLoss
from rl.helpers import random_batch
from rl.losses.helpers import LENGTHS, ask, gradient, outputs_for


@pytest.mark.parametrize(
    ("advantage", "ratio", "dual_clip", "loss", "slope"),
    [
        (1.0, 1.5, None, -1.2, 0.0),  # clipped
        (1.0, 0.5, None, -0.5, -0.5),  # the worse one is the unclipped
        (-1.0, 1.5, None, 1.5, 1.5),
        (-1.0, 0.5, None, 0.8, 0.0),  # clipped
        (-1.0, 5.0, 3.0, 3.0, 0.0),  # dual-clipped
        (-1.0, 2.0, 3.0, 2.0, 2.0),
        (1.0, 5.0, 3.0, -1.2, 0.0),  # no dual clip where A > 0
        (2.0, 1.0, 3.0, -2.0, -2.0),  # on-policy: the gradient of -A log p
        (-2.0, 1.0, None, 2.0, 2.0),
    ],
)
def test_one_token_by_hand(advantage, ratio, dual_clip, loss, slope):
    batch = random_batch(0, [1], prompts=1)
    old = torch.full((1, 1), -1.0, dtype=torch.float64)
    batch = replace(
        batch, advantages=torch.tensor([advantage]).double(), old_logprobs=old, weights=torch.ones(1).double()
    )
    outputs = PolicyOutputs(old + math.log(ratio))
    part = ClippedLoss(dual_clip=dual_clip)
    assert ask(part, outputs, batch, Coefficients())[0].item() == pytest.approx(loss)
    assert gradient(part, outputs, batch, Coefficients())[0].item() == pytest.approx(slope)


@pytest.mark.parametrize("loss", [ClippedLoss(), ClippedLoss(dual_clip=3.0), SequenceRatioLoss()], ids=repr)
@pytest.mark.parametrize("shift", [1000.0, -1000.0])
def test_extreme_ratios_give_finite_losses_and_gradients(loss, shift):
    batch = random_batch(10, LENGTHS)
    outputs = PolicyOutputs(batch.old_logprobs + shift, outputs_for(batch).entropy)
    value, stats = ask(loss, outputs, batch)
    assert value.isfinite() and all(s.isfinite() for s in stats.values())
    assert gradient(loss, outputs, batch)[0].isfinite().all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ClippedLoss(clip_low=-0.1), "clip_low"),
        (lambda: ClippedLoss(clip_low=1.5), "clip_low"),
        (lambda: ClippedLoss(clip_high=math.nan), "clip_high"),
        (lambda: SequenceRatioLoss(clip_high=-1.0), "clip_high"),
        (lambda: ClippedLoss(dual_clip=1.0), "dual_clip"),
        (lambda: Coefficients(kl=math.nan), "finite"),
        (lambda: Coefficients(entropy=math.inf), "finite"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
