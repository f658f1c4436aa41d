import math

import pytest
import torch

from revisual.rl.filters import (
    EffectiveOnly,
    KeepAll,
    PowerSampling,
    PrioritizedAdvantageDistillation,
    RandomSubsample,
)
from revisual.rl.filters.base import accuracy_varies

from .helpers import ask

PAD = PrioritizedAdvantageDistillation


@pytest.mark.parametrize(
    "part", [KeepAll(), PAD(), EffectiveOnly(), RandomSubsample(), PowerSampling(), PAD(drop_constant_accuracy=True)]
)
def test_no_rows_at_all(part):
    assert ask(part, []) == ([], [])


@pytest.mark.parametrize("part", [PAD(), RandomSubsample(), PowerSampling()])
def test_the_generator_is_the_only_source_of_randomness(part):
    advantages = [0.1 + 0.02 * i for i in range(40)]
    torch.manual_seed(122)
    first = ask(part, advantages, seed=5)
    torch.manual_seed(123)
    assert ask(part, advantages, seed=5) == first
    assert ask(part, advantages, seed=6) != first
    assert first[0] == sorted(set(first[0]))


def test_accuracy_varies_ignores_what_is_unknown():
    accuracy = torch.tensor([1.0, math.nan, 1.0, 1.0, math.nan, 0.0, math.nan])
    prompts = torch.tensor([0, 0, 0, 1, 1, 1, 2])
    assert accuracy_varies(accuracy, prompts).tolist() == [False] * 3 + [True] * 3 + [False]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PAD(t_low=0.0), "t_low"),
        (lambda: PAD(t_low=0.5, t_high=0.4), "t_high"),
        (lambda: EffectiveOnly(t_low=math.nan), "t_low"),
        (lambda: PowerSampling(t_low=-1.0), "t_low"),
        (lambda: PAD(ratio=0.0), "ratio"),
        (lambda: PAD(ratio=1.5), "ratio"),
        (lambda: RandomSubsample(ratio=7.0), "ratio"),
        (lambda: PAD(tau_start=0.0), "tau_start"),
        (lambda: PAD(tau_end=math.inf), "tau_end"),
        (lambda: RandomSubsample(ratio=-1.0), "ratio"),
        (lambda: PowerSampling(ratio=math.nan), "ratio"),
        (lambda: PowerSampling(power=math.inf), "power"),
        (lambda: ask(PAD(), [1.0], progress=1.5), "progress"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
