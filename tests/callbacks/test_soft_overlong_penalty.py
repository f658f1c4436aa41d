"""DAPO's soft overlong penalty."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from rl.helpers import random_batch
from training.helpers import quiet_trainer

from revisual.callbacks import SoftOverlongPenalty

BATCH = replace(random_batch(0, [1, 6, 8, 10]), reward_terms={})


def by_hand(length, limit, margin):
    """Equation 13 of arXiv 2503.14476, case by case."""
    if length <= limit - margin:
        return 0.0
    return (limit - margin - length) / margin if length <= limit else -1.0


@pytest.mark.parametrize(("limit", "margin"), [(10, 4), (8, 8), (7, 1), (20, 5)])
def test_by_hand(limit, margin):
    after = SoftOverlongPenalty(0.5, margin, limit).on_rollout(quiet_trainer(), None, BATCH)
    expected = torch.tensor([by_hand(length, limit, margin) for length in (1, 6, 8, 10)], dtype=torch.float64)
    torch.testing.assert_close(after.reward_terms["overlong"], expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(after.rewards, BATCH.rewards + 0.5 * expected, atol=1e-6, rtol=0)


def test_limit_and_margin_follow_the_run():
    module = SimpleNamespace(sampling=SimpleNamespace(max_new_tokens=10))
    after = SoftOverlongPenalty().on_rollout(quiet_trainer(), module, BATCH)
    assert after.reward_terms["overlong"].tolist() == pytest.approx([0, 0, 0, -1])


@pytest.mark.parametrize("given", [{"margin": 0}, {"limit": -1}, {"weight": -1.0}])
def test_values_out_of_range_are_refused(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        SoftOverlongPenalty(**given)
