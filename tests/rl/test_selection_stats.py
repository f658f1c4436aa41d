import math

import pytest
import torch

from revisual.rl.advantages import GroupNormalized
from revisual.rl.filters import Candidates, EffectiveOnly
from revisual.rl.selection_stats import selection_stats

GROUP = "advantage/kept_fraction_group_accuracy_"


def ask(accuracy, prompts, rows, weights):
    return selection_stats(
        torch.zeros(len(accuracy)),
        torch.tensor(accuracy),
        torch.tensor(prompts, dtype=torch.long),
        torch.tensor(rows, dtype=torch.long),
        torch.tensor(weights),
    )


def test_by_hand():
    # prompt 3: 0 of 2 right, prompt 1: 1 of 4, prompt 8: 1 of 2, prompt 0: 2 of 2, prompt 4: 0 of 1
    accuracy = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]
    prompts = [3, 3, 1, 1, 1, 1, 8, 8, 0, 0, 4]
    found = ask(accuracy, prompts, [0, 2, 3, 4, 6, 7], [1.0, 2.0, 1.0, 1.0, 3.0, 1.0])
    assert found == pytest.approx(
        {
            "advantage/kept_fraction": 6 / 11,
            GROUP + "0": 1 / 3,
            GROUP + "0_to_0.5": 3 / 4,
            GROUP + "0.5_to_1": 1.0,
            GROUP + "1": 0.0,
            "advantage/kept_fraction_rare_right": 1.0,
            "advantage/effective_sample_size": 9**2 / (1 + 4 + 1 + 1 + 9 + 1),
            "advantage/all_right_fraction": 1 / 5,
            "advantage/all_wrong_fraction": 2 / 5,
        }
    )


def test_a_bucket_without_rows_is_nan():
    found = ask([1.0, 1.0], [0, 0], [0], [1.0])
    assert [math.isnan(found[GROUP + b]) for b in ("0", "0_to_0.5", "0.5_to_1", "1")] == [True, True, True, False]
    assert math.isnan(found["advantage/kept_fraction_rare_right"])
    assert found["advantage/all_right_fraction"] == 1.0 and found["advantage/all_wrong_fraction"] == 0.0


def test_nothing_kept_and_nothing_there():
    found = ask([1.0, 0.0], [0, 0], [], [])
    assert found["advantage/kept_fraction"] == 0.0 and found["advantage/effective_sample_size"] == 0.0
    assert math.isnan(ask([], [], [], [])["advantage/kept_fraction"])


def test_equal_weights_have_an_effective_sample_size_of_the_number_of_rows():
    assert ask([1.0, 0.0, 0.0], [0, 0, 0], [0, 2], [3.0, 3.0])["advantage/effective_sample_size"] == pytest.approx(2)


def test_unknown_accuracy_is_left_out():
    found = ask([math.nan, 1.0, 1.0, math.nan], [0, 0, 0, 5], [0, 3], [1.0, 1.0])
    assert found["advantage/kept_fraction"] == 0.5
    assert found[GROUP + "1"] == pytest.approx(1 / 3)
    assert found["advantage/all_right_fraction"] == 1.0 and found["advantage/all_wrong_fraction"] == 0.0


def test_it_shows_the_trap_of_t_high_below_one():
    accuracy, prompts = torch.tensor([1.0] + [0.0] * 7), torch.zeros(8, dtype=torch.long)
    advantages = GroupNormalized()(accuracy, torch.ones(8, dtype=torch.bool), prompts)
    for t_high, kept in ((0.97, 0.0), (math.inf, 1.0)):
        candidates = Candidates(advantages, accuracy, prompts, 0.0, torch.Generator())
        rows, weights = EffectiveOnly(0.03, t_high)(candidates)
        found = selection_stats(advantages, accuracy, prompts, rows, weights)
        assert found["advantage/kept_fraction_rare_right"] == kept
        assert found[GROUP + "0_to_0.5"] == (7 / 8 if kept == 0 else 1.0)
