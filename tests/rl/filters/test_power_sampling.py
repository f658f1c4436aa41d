import math
from collections import Counter

import torch
from scipy.stats import chisquare

from revisual.rl.filters import (
    PowerSampling,
)

from .helpers import ask, right_of_eight

DRAWS = 4000


def test_power_sampling_draws_each_row_in_proportion():
    advantages = [0.1, -0.9, 0.5, 0.02, -0.3, 2.0]
    part, generator = PowerSampling(), torch.Generator().manual_seed(4)
    masses = {i: abs(advantages[i]) ** 1.5 for i in (0, 1, 2, 4)}
    totals: Counter[int] = Counter()
    for _ in range(DRAWS):
        rows, weights = ask(part, advantages, generator=generator)
        assert sum(weights) == 9  # ceil(1.5 * 6)
        assert rows == sorted(set(rows)) and all(w == int(w) >= 1 for w in weights)
        totals.update(dict(zip(rows, map(int, weights), strict=True)))
    assert set(totals) == set(masses)
    expected = [DRAWS * 9 * m / sum(masses.values()) for m in masses.values()]
    assert chisquare([totals[i] for i in masses], expected).pvalue > 1e-3
    linear = [DRAWS * 9 * abs(advantages[i]) / sum(abs(advantages[j]) for j in masses) for i in masses]
    assert chisquare([totals[i] for i in masses], linear).pvalue < 1e-6


def test_power_sampling_does_not_overflow():
    rows, weights = ask(PowerSampling(t_high=math.inf, power=200.0), [1e30, 1e30, 1.0])
    assert set(rows) <= {0, 1} and sum(weights) == 5


def test_power_sampling_is_in_the_trap():
    rows, _ = ask(PowerSampling(ratio=50.0), right_of_eight(2))
    assert rows == [2, 3, 4, 5, 6, 7]
