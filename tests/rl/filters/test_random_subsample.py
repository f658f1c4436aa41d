import itertools
from collections import Counter

import torch
from scipy.stats import chisquare

from revisual.rl.filters import (
    RandomSubsample,
)

from .helpers import ask

DRAWS = 4000


def test_random_subsample_is_uniform_over_subsets():
    generator = torch.Generator().manual_seed(3)
    part = RandomSubsample(ratio=0.4)
    found = Counter(tuple(ask(part, [0.0, 9.0, 0.1, 3.0, 1.0], generator=generator)[0]) for _ in range(DRAWS))
    assert set(found) == set(itertools.combinations(range(5), 2))
    assert chisquare(list(found.values())).pvalue > 1e-3
    assert ask(RandomSubsample(ratio=1.0), [1.0, 2.0]) == ([0, 1], [1.0, 1.0])
