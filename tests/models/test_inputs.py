"""Packed rows against padded ones, and against one forward per completion."""

import pytest
import torch
from torch.testing import assert_close

from revisual.models import head
from revisual.models.attention import shares_prompts
from revisual.models.inputs import PromptedRows, forward_inputs, packed_inputs, padded_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.policy import PretrainedPolicy

LENGTHS = [5, 1, 7, 2, 3, 4, 6]
OWNERS = [0, 0, 1, 2, 2, 4, 1]


@pytest.fixture
def completions():
    generator = torch.Generator().manual_seed(0)
    token_ids = torch.randint(20, 300, (len(LENGTHS), max(LENGTHS)), generator=generator)
    return token_ids, torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]


def outputs(policy, encoder, prompts, completions, make, **options):
    token_ids, mask = completions
    pad_id = encoder.processor.tokenizer.pad_token_id
    inputs = make(policy, PromptedRows(prompts, torch.tensor(OWNERS), encoder.vision_inputs, pad_id, token_ids, mask))
    options = {"temperature": 0.7, "banned": banned_token_ids(policy), "entropy_gradient": True, **options}
    return token_logprobs(policy, inputs, token_ids, mask, **options)


def gradient(policy, result):
    weights = torch.linspace(-1, 1, result.logprobs.numel()).view_as(result.logprobs)
    policy.zero_grad()
    ((result.logprobs + 0.1 * result.entropy) * weights).sum().backward()
    return {name: p.grad.clone() for name, p in policy.named_parameters() if p.grad is not None}


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    scale = max(float(grad.abs().max()) for grad in theirs.values())
    for name, grad in theirs.items():
        assert_close(ours[name], grad, atol=1e-5 * scale, rtol=1e-4, msg=name)


def test_packed_is_padded(policy, encoder, mixed_prompts, completions):
    packed, padded = (
        outputs(policy, encoder, mixed_prompts, completions, make) for make in (packed_inputs, padded_inputs)
    )
    assert_close(packed.logprobs, padded.logprobs, atol=1e-5, rtol=0)
    assert_close(packed.entropy, padded.entropy, atol=1e-5, rtol=0)
    assert_same(gradient(policy, packed), gradient(policy, padded))


def test_neighbors_change_nothing(policy, encoder, mixed_prompts, completions):
    together = outputs(policy, encoder, mixed_prompts, completions, packed_inputs)
    pad_id = encoder.processor.tokenizer.pad_token_id
    for n, (owner, length) in enumerate(zip(OWNERS, LENGTHS, strict=True)):
        alone, mask = completions[0][n : n + 1, :length], torch.ones(1, length, dtype=torch.bool)
        inputs = packed_inputs(
            policy, PromptedRows(mixed_prompts, torch.tensor([owner]), encoder.vision_inputs, pad_id, alone, mask)
        )
        single = token_logprobs(policy, inputs, alone, mask, temperature=0.7, banned=banned_token_ids(policy))
        assert_close(together.logprobs[n, :length], single.logprobs[0], atol=1e-5, rtol=0)


def test_pictures_and_prompts_stand_once(policy, encoder, mixed_prompts, completions):
    pad_id = encoder.processor.tokenizer.pad_token_id
    inputs = packed_inputs(
        policy, PromptedRows(mixed_prompts, torch.tensor(OWNERS), encoder.vision_inputs, pad_id, *completions)
    )
    prompts = sum(len(mixed_prompts[p].token_ids) for p in set(OWNERS))
    assert inputs.arguments["input_ids"].shape == (1, prompts + sum(length - 1 for length in LENGTHS))
    patches = sum(len(encoder.vision_inputs(mixed_prompts[p])["pixel_values"]) for p in (0, 2, 4))
    assert len(inputs.arguments["pixel_values"]) == patches


@pytest.mark.parametrize("at_once", [1, 1000])
def test_logits_in_chunks(policy, encoder, mixed_prompts, completions, monkeypatch, at_once):
    whole = outputs(policy, encoder, mixed_prompts, completions, packed_inputs)
    expected = gradient(policy, whole)
    largest, logits = [], head._logits
    monkeypatch.setattr(head, "_logits", lambda *args: largest.append(logits(*args)) or largest[-1])
    monkeypatch.setattr(head, "CPU_LOGITS", at_once)
    parts = outputs(policy, encoder, mixed_prompts, completions, packed_inputs)
    assert_close(parts.logprobs, whole.logprobs, atol=1e-6, rtol=0)
    assert_same(gradient(policy, parts), expected)
    assert max(x.numel() for x in largest) <= max(at_once, policy.get_output_embeddings().weight.shape[0])
    assert len(largest) == 2 * -(-sum(LENGTHS) // max(1, at_once // policy.get_output_embeddings().weight.shape[0]))


def test_entropy_as_a_number_only(policy, encoder, mixed_prompts, completions):
    with_gradient = outputs(policy, encoder, mixed_prompts, completions, packed_inputs)
    number = outputs(policy, encoder, mixed_prompts, completions, packed_inputs, entropy_gradient=False)
    assert_close(number.entropy, with_gradient.entropy)
    assert with_gradient.entropy.requires_grad and not number.entropy.requires_grad


def test_a_head_that_is_more_than_a_matrix(policy, encoder, mixed_prompts, completions):
    expected = outputs(policy, encoder, mixed_prompts, completions, packed_inputs)
    wanted = gradient(policy, expected)
    plain = policy.lm_head
    policy.lm_head = torch.nn.Sequential(torch.nn.Identity())
    policy.lm_head.forward = lambda states: states @ plain.weight.mT
    found = outputs(policy, encoder, mixed_prompts, completions, packed_inputs)
    assert_close(found.logprobs, expected.logprobs, atol=1e-6, rtol=0)
    assert_same(gradient(policy, found), wanted)


def test_gradient_checkpointing_changes_nothing(policy, policy_folder, processor, encoder, mixed_prompts, completions):
    expected = gradient(policy, outputs(policy, encoder, mixed_prompts, completions, packed_inputs))
    checkpointed = PretrainedPolicy(str(policy_folder), gradient_checkpointing=True).load(processor).train()
    found = outputs(checkpointed, encoder, mixed_prompts, completions, packed_inputs)
    assert_same(gradient(checkpointed, found), expected)


def test_rows_are_padded_where_asked(policy, policy_folder, processor, encoder, mixed_prompts, completions):
    plain = PretrainedPolicy(str(policy_folder), packed=False).load(processor)
    assert shares_prompts(policy) and not shares_prompts(plain)
    expected = outputs(policy, encoder, mixed_prompts, completions, forward_inputs)
    found = outputs(plain, encoder, mixed_prompts, completions, forward_inputs)
    assert_close(found.logprobs, expected.logprobs, atol=1e-5, rtol=0)
