"""Rounding at random, beside what float64 says of float32's own errors."""

import copy

import torch
from torch import nn

from revisual.models.rounding import rounding_otherwise


def network(seed=0):
    torch.manual_seed(seed)
    layers = [layer for _ in range(6) for layer in (nn.Linear(256, 256), nn.LayerNorm(256), nn.SiLU())]
    return nn.Sequential(*layers)


def test_rounding_otherwise_moves_as_far_as_rounding_does():
    x = torch.randn(64, 256, generator=torch.Generator().manual_seed(1))
    for seed in range(3):
        policy = network(seed)
        plain = policy(x)
        error = (copy.deepcopy(policy).double()(x.double()) - plain).abs()
        with rounding_otherwise(policy, seed):
            moved = (policy(x) - plain).abs()
        assert 0.2 * error.mean() < moved.mean() < 5 * error.mean()
        assert 0.1 * error.max() < moved.max() < 10 * error.max()
        assert torch.equal(policy(x), plain)


def test_a_seed_moves_alike_and_in_the_type_of_the_layer():
    policy, x = network().bfloat16(), torch.randn(4, 256).bfloat16()
    with rounding_otherwise(policy, 5):
        first = policy(x)
    with rounding_otherwise(policy, 5):
        assert torch.equal(policy(x), first)
    assert first.dtype == torch.bfloat16 and not torch.equal(policy(x), first)
