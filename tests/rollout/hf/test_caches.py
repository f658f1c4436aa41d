"""Keys and values that answers read again."""

import pytest
import torch
from torch.profiler import ProfilerActivity, profile
from transformers import DynamicCache

from revisual.rollout.hf.caches import BLOCK, SharedPromptCache, join_layers
from rollout.hf.helpers import generate


def test_keys_are_kept_as_they_are_computed(policy, encoder, mixed_prompts):
    caches = []
    update = SharedPromptCache.update

    def watched(self, *args, **kwargs):
        caches.append(self)
        return update(self, *args, **kwargs)

    SharedPromptCache.update = watched
    try:
        with torch.autocast("cpu", torch.bfloat16):
            generate(policy, encoder, mixed_prompts)
    finally:
        SharedPromptCache.update = update
    held = {x.dtype for pair in (*caches[-1].prompts, *caches[-1].answers) for x in pair}
    assert held == {torch.bfloat16}


def highest(profiled):
    """The most bytes that were held at once, and those held at the end."""
    held = top = 0
    for event in sorted(profiled.profiler.kineto_results.events(), key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            held += event.nbytes()
            top = max(top, held)
    return top, held


def test_a_cache_shrinks_a_layer_at_a_time():
    layers, prompts, n = 12, 4, 2

    def made():
        held = [tuple(torch.zeros(prompts, 2, 64, 16) for _ in "kv") for _ in range(layers)]
        cache = SharedPromptCache(held, torch.ones(prompts, 64, dtype=torch.bool))
        for layer in range(layers):
            cache.update(torch.zeros(prompts * n, 2, 1, 16), torch.zeros(prompts * n, 2, 1, 16), layer)
        return cache

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        cache = made()
    before = sum(x.nbytes for pair in (*cache.prompts, *cache.answers) for x in pair)
    assert highest(profiled)[1] == pytest.approx(before, rel=0.01)
    del cache
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        cache = made()
        cache.keep(torch.tensor([0, 2, 3]), torch.tensor([0, 1, 4, 5, 6, 7]))
    top, held = highest(profiled)
    assert cache.prompts[0][0].shape[0] == 3 and cache.answers[0][0].shape == (6, 2, BLOCK, 16)
    assert held == pytest.approx(0.75 * before, rel=0.01)
    assert top < before * (1 + 1.5 / layers)  # with all layers at once it was 1.75 times as much


def test_joining_parts_holds_one_layer_twice():
    generator = torch.Generator().manual_seed(0)
    widths, counts, layers = (5, 9, 2), (2, 1, 3), 3
    caches, masks, kept = [], [], []
    for width, count in zip(widths, counts, strict=True):
        cache = DynamicCache()
        for layer in range(layers):
            keys, values = (torch.randn(count, 2, width, 4, generator=generator) for _ in range(2))
            cache.update(keys, values, layer)
            kept.append((layer, width, keys, values))
        caches.append(cache)
        mask = torch.ones(count, width, dtype=torch.bool)
        mask[0, 0] = False
        masks.append(mask)
    joined, mask = join_layers(caches, masks, torch.float32)
    assert mask.shape == (6, 9) and all(layer.keys is None for cache in caches for layer in cache.layers)
    rows = {5: slice(0, 2), 9: slice(2, 3), 2: slice(3, 6)}
    for layer, width, keys, values in kept:
        assert torch.equal(joined[layer][0][rows[width], :, 9 - width :], keys)
        assert torch.equal(joined[layer][1][rows[width], :, 9 - width :], values)
        assert not mask[rows[width], : 9 - width].any() and not mask[rows[width], 9 - width][0]
