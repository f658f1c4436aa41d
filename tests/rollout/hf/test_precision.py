"""What decoding computes and stores in half precision, and how much of it."""

import pytest
import torch
from torch.profiler import ProfilerActivity, profile
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import DynamicCache

from revisual.core.seeds import stable_seed
from revisual.models.inputs import packed_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.caches import BLOCK, SharedPromptCache, answer_attention, join_layers
from revisual.rollout.hf.engine import HFRollout, within_budget


@pytest.mark.parametrize("size", [0.8, 7.0, 25.0])
def test_scores_are_not_rounded_before_the_softmax(size):
    """Errors against float64 stay those of the values' own rounding, however large the scores."""
    generator = torch.Generator().manual_seed(0)
    p, n, k, r, s, t, d = 2, 3, 2, 3, 40, 9, 32

    def draw(*shape):
        return torch.randn(shape, generator=generator).bfloat16()

    query = draw(p * n, k * r, 1, d)
    prompt_keys, prompt_values, key, value = (
        draw(p, k, s, d),
        draw(p, k, s, d),
        draw(p * n, k, t, d),
        draw(p * n, k, t, d),
    )
    hidden = torch.zeros(p, 1, 1, s, dtype=torch.bool)
    hidden[0, ..., :5] = True
    scale = size / d**0.5
    ours = answer_attention(query, prompt_keys, prompt_values, key, value, hidden, scale)
    for row in range(p * n):
        for head in range(k * r):
            keys = torch.cat([prompt_keys[row // n, head // r], key[row, head // r]]).double()
            values = torch.cat([prompt_values[row // n, head // r], value[row, head // r]]).double()
            scores = query[row, head, 0].double() @ keys.T * scale
            scores[:s][hidden[row // n, 0, 0]] = -torch.inf
            exact = scores.softmax(-1) @ values
            assert (ours[row, head, 0] - exact).norm() < 0.006 * exact.norm().clamp(min=0.3)


def generate(policy, encoder, prompts, n=3, length=10, **options):
    engine = HFRollout(**options)
    engine.attach(policy, encoder)
    seeds = [stable_seed(prompt.id, j) for prompt in prompts for j in range(n)]
    return engine.generate(prompts, Sampling(n), length, seeds)


def gap(policy, encoder, prompts):
    """Mean difference of log-probs between the rollouts and the trainer, both under autocast."""
    with torch.autocast("cpu", torch.bfloat16):
        drawn = generate(policy, encoder, prompts)
        index = torch.arange(len(prompts)).repeat_interleave(3)
        inputs = packed_inputs(policy, prompts, index, encoder.vision_inputs, 0, drawn.token_ids, drawn.mask)
        with torch.no_grad():
            trained = token_logprobs(
                policy, inputs, drawn.token_ids, drawn.mask, banned=banned_token_ids(policy)
            ).logprobs
    return float((trained - drawn.logprobs).abs()[drawn.mask].mean())


@pytest.mark.parametrize("spread", [0.0, 8.0, 12.0])
def test_the_gap_to_the_trainer_does_not_grow_with_the_scores(policy, encoder, mixed_prompts, spread):
    generator = torch.Generator().manual_seed(0)
    for layer in policy.model.language_model.layers:
        for bias in (layer.self_attn.q_proj.bias, layer.self_attn.k_proj.bias):
            bias.data += spread * torch.randn(bias.shape, generator=generator)
    assert gap(policy, encoder, mixed_prompts) < 0.003


class Casts(TorchDispatchMode):
    """Counts casts to bfloat16 of tensors of one shape."""

    def __init__(self, shape):
        super().__init__()
        self.shape, self.count = shape, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.aten._to_copy.default and args[0].shape == self.shape:
            self.count += (kwargs or {}).get("dtype") is torch.bfloat16
        return function(*args, **(kwargs or {}))


def test_frozen_weights_are_cast_once(policy_folder, processor, encoder, mixed_prompts):
    policy = PretrainedPolicy(str(policy_folder), lora=LoRA(4, 16.0)).load(processor)
    with (
        torch.autocast("cpu", torch.bfloat16),
        Casts(policy.model.language_model.layers[0].mlp.up_proj.weight.shape) as casts,
    ):
        generate(policy, encoder, mixed_prompts, length=12)
    assert casts.count == sum(p.shape == casts.shape for p in policy.parameters()) > 0
    assert not any(p.requires_grad for n, p in policy.named_parameters() if ".lora_" not in n)


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
        cache.keep(torch.tensor([0, 2, 3]), n)
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


def test_prompts_are_read_within_a_budget_of_tokens(policy, encoder, mixed_prompts):
    read = []
    layer = policy.model.language_model.layers[0]
    layer.register_forward_pre_hook(lambda _, given: read.append(given[0].shape[0] * given[0].shape[1]))
    whole = generate(policy, encoder, mixed_prompts, length=4)
    together = read[0]
    read.clear()
    budget = together // 3
    parted = generate(policy, encoder, mixed_prompts, length=4, max_prefill_tokens=budget)
    longest = max(len(prompt.token_ids) for prompt in mixed_prompts)
    reading = read[: -len(read) + next(i for i, tokens in enumerate(read) if tokens == len(mixed_prompts) * 3)]
    assert len(reading) > 1 and max(reading) <= max(budget, longest) < together
    assert torch.equal(parted.token_ids, whole.token_ids) and torch.equal(parted.mask, whole.mask)
    assert_close(parted.logprobs, whole.logprobs, atol=1e-4, rtol=0)


def test_copied_prompts_are_read_in_parts_too(policy_folder, processor, encoder, mixed_prompts):
    plain = PretrainedPolicy(str(policy_folder), packed=False).load(processor)
    whole, parted = (generate(plain, encoder, mixed_prompts, max_prefill_tokens=m) for m in (10**6, 1))
    assert torch.equal(parted.token_ids, whole.token_ids)
    assert_close(parted.logprobs, whole.logprobs, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("lengths", "most", "expected"),
    [
        ([5, 3, 4, 9], 10, [[0, 1], [2], [3]]),
        ([1, 1, 1], 3, [[0, 1, 2]]),
        ([9, 9], 1, [[0], [1]]),
        ([2, 8], 10, [[0], [1]]),
    ],
)
def test_parts_within_a_budget(lengths, most, expected):
    assert within_budget(lengths, most) == expected
