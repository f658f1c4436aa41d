"""What decoding computes and stores in half precision, and how much of it."""

import pytest
import torch
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from revisual.models.inputs import PromptedRows, packed_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.hf.caches import answer_attention
from revisual.rollout.hf.engine import within_budget
from rollout.hf.helpers import generate


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


def gap(policy, encoder, prompts):
    """Mean difference of log-probs between the rollouts and the trainer, both under autocast."""
    with torch.autocast("cpu", torch.bfloat16):
        drawn = generate(policy, encoder, prompts)
        index = torch.arange(len(prompts)).repeat_interleave(3)
        inputs = packed_inputs(
            policy, PromptedRows(prompts, index, encoder.vision_inputs, 0, drawn.token_ids, drawn.mask)
        )
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
