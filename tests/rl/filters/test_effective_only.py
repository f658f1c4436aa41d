import math

from revisual.rl.filters import (
    EffectiveOnly,
    PowerSampling,
    PrioritizedAdvantageDistillation,
)

from .helpers import ask

PAD = PrioritizedAdvantageDistillation


def test_a_nan_advantage_is_never_kept():
    advantages = [math.nan, 1.0]
    for part in (PAD(ratio=1.0), EffectiveOnly(), PowerSampling(t_high=2.0)):
        assert ask(part, advantages)[0] == [1]


def test_constant_accuracy_is_dropped_whatever_shaped_rewards_say():
    accuracy, prompts = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0], [5, 5, 2, 2, 9, 9, 7]
    advantages = [0.7, -0.7, 0.5, -0.5, 0.6, -0.6, 0.9]
    kept = [2, 3]
    for part, ratio in ((EffectiveOnly, {}), (PAD, {"ratio": 1.0}), (PowerSampling, {"ratio": 9.0})):
        found = ask(part(drop_constant_accuracy=True, **ratio), advantages, accuracy=accuracy, prompts=prompts)[0]
        assert found == kept, part
        assert ask(part(**ratio), advantages, accuracy=accuracy, prompts=prompts)[0] == list(range(7)), part
