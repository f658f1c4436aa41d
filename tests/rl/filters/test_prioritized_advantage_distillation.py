import itertools
import math
from collections import Counter

import pytest
import torch
from scipy.stats import chisquare

from revisual.rl.filters import (
    EffectiveOnly,
    PowerSampling,
    PrioritizedAdvantageDistillation,
)

from .helpers import ask, right_of_eight

PAD = PrioritizedAdvantageDistillation

DRAWS = 4000


def law_without_replacement(masses: dict[int, float], number: int) -> dict[tuple[int, ...], float]:
    """Probability of each unordered outcome of successive draws, by going through all orders."""
    law: Counter[tuple[int, ...]] = Counter()
    for order in itertools.permutations(masses, number):
        probability, left = 1.0, sum(masses.values())
        for row in order:
            probability *= masses[row] / left
            left -= masses[row]
        law[tuple(sorted(order))] += probability
    assert sum(law.values()) == pytest.approx(1)
    return dict(law)


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("ratio", [0.125, 0.3, 0.5])
def test_pad_draws_by_the_papers_law(progress, ratio):
    advantages = [0.2, -0.5, 0.01, 1.0, -1.3, 0.0, 0.8, 2.5]  # 2 and 5 below t_low, 7 above t_high
    part, generator = PAD(t_low=0.03, t_high=2.0, ratio=ratio), torch.Generator().manual_seed(1)
    tau = 1.0 - 0.7 * progress
    masses = {i: math.exp(abs(advantages[i]) / tau) for i in (0, 1, 3, 4, 6)}
    law = law_without_replacement(masses, math.ceil(ratio * 8))
    found = Counter(tuple(ask(part, advantages, progress, generator=generator)[0]) for _ in range(DRAWS))
    assert set(found) <= set(law)
    subsets = sorted(law)
    assert chisquare([found[s] for s in subsets], [DRAWS * law[s] for s in subsets]).pvalue > 1e-3
    uniform = law_without_replacement(dict.fromkeys(masses, 1.0), math.ceil(ratio * 8))
    assert chisquare([found[s] for s in subsets], [DRAWS * uniform[s] for s in subsets]).pvalue < 1e-6


@pytest.mark.parametrize(
    ("n", "ratio", "expected"),
    [(8, 0.5, 4), (7, 0.5, 4), (3, 0.1, 1), (10, 1.0, 10), (100, 0.07, 7), (10, 0.3, 3), (1, 0.5, 1)],
)
def test_pad_keeps_the_ceiling_of_the_ratio(n, ratio, expected):
    rows, weights = ask(PAD(ratio=ratio), [1.0] * n)
    assert len(rows) == expected and weights == [1.0] * expected


def test_pads_ratio_is_of_the_whole_batch_and_bounded_by_the_effective_rows():
    advantages = [1.0, -1.0, 0.5] + [0.0] * 7
    assert ask(PAD(ratio=0.5), advantages)[0] == [0, 1, 2]
    assert len(ask(PAD(ratio=0.2), advantages)[0]) == 2


def test_thresholds_are_inclusive_for_pad_and_strict_for_power_sampling():
    advantages = [0.25, 0.24, -0.75, 0.76, 0.5]
    assert ask(PAD(t_low=0.25, t_high=0.75, ratio=1.0), advantages)[0] == [0, 2, 4]
    assert ask(EffectiveOnly(t_low=0.25, t_high=0.75), advantages)[0] == [0, 2, 4]
    assert ask(PowerSampling(t_low=0.25, t_high=0.75), advantages) == ([4], [8.0])  # ceil(1.5 * 5) draws
    assert ask(EffectiveOnly(t_low=0.03, t_high=0.03), [0.03, -0.03, 0.031])[0] == [0, 1]  # as float32 sees 0.03


def test_an_empty_effective_set():
    advantages = [0.0, 0.01, -0.02]
    for part in (PAD(), EffectiveOnly()):
        assert ask(part, advantages) == ([], [])
    assert ask(PowerSampling(), advantages) == ([0, 1, 2], [1.0, 1.0, 1.0])
    assert ask(PowerSampling(), [5.0, -7.0]) == ([0, 1], [1.0, 1.0])


def test_pad_never_underflows():
    advantages = [1000.0, 999.0, 0.05, 0.04]  # exp(-999 / 0.3) is 0
    for seed in range(20):
        assert ask(PAD(ratio=0.75), advantages, 1.0, seed)[0][:2] == [0, 1]
    picks = Counter(ask(PAD(ratio=0.75), advantages, 1.0, seed)[0][2] for seed in range(2000))
    odds = math.exp(0.05 / 0.3), math.exp(0.04 / 0.3)
    assert chisquare([picks[2], picks[3]], [2000 * o / sum(odds) for o in odds]).pvalue > 1e-3


def test_uniform_where_a_probability_would_not_be_finite():
    advantages = [math.inf, 1.0, 0.5, 2.0]
    found = Counter(ask(PAD(ratio=0.25), advantages, seed=seed)[0][0] for seed in range(2000))
    assert chisquare([found[i] for i in range(4)]).pvalue > 1e-3


@pytest.mark.parametrize("part", [EffectiveOnly(0.03, 0.97), PAD(t_low=0.03, t_high=0.97, ratio=1.0)])
@pytest.mark.parametrize("right", range(9))
def test_the_trap_of_t_high_below_one(part, right):
    """With 1 to 3 right of 8, the released code's band keeps only the wrong responses; with 5 to 7, only the right."""
    wrong_rows, right_rows = list(range(right, 8)), list(range(right))
    expected = {0: [], 4: list(range(8)), 8: []}.get(right, wrong_rows if right < 4 else right_rows)
    assert ask(part, right_of_eight(right))[0] == expected


@pytest.mark.parametrize("right", range(1, 8))
def test_the_defaults_avoid_the_trap(right):
    assert ask(EffectiveOnly(), right_of_eight(right))[0] == list(range(8))
    assert ask(PAD(ratio=1.0), right_of_eight(right))[0] == list(range(8))
