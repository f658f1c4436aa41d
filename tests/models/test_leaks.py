"""A token's logits do not change with its neighbors in a row or a batch, under every attention."""

import pytest
import torch
from torch.testing import assert_close

from revisual.models.inputs import PromptedRows, forward_inputs
from revisual.models.logprobs import token_logprobs
from revisual.models.policy import PretrainedPolicy


def scores(policy, encoder, prompts, tokens):
    mask = torch.ones_like(tokens, dtype=torch.bool)
    pad_id = encoder.processor.tokenizer.pad_token_id
    index = torch.arange(len(prompts))
    inputs = forward_inputs(policy, PromptedRows(prompts, index, encoder.vision_inputs, pad_id, tokens, mask))
    return token_logprobs(policy, inputs, tokens, mask).logprobs


@pytest.mark.parametrize("options", [
    {"attention": "sdpa", "packed": True}, {"attention": "sdpa", "packed": False}, {"attention": "eager"},
    {"attention": "eager", "packed": True},
], ids=["packed", "padded", "eager", "eager tower, packed"])  # fmt: skip
def test_neighbors_change_nothing(policy_folder, processor, encoder, mixed_prompts, options):
    policy = PretrainedPolicy(str(policy_folder), **options).load(processor).eval()
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(20, 120, (len(mixed_prompts), 7), generator=generator)
    with torch.no_grad():
        together = scores(policy, encoder, mixed_prompts, tokens)
        for n, prompt in enumerate(mixed_prompts):
            alone = scores(policy, encoder, [prompt], tokens[n : n + 1])
            assert_close(together[n : n + 1], alone, atol=2e-5, rtol=0)
        changed = tokens.clone()
        changed[0] = (changed[0] - 20 + 31) % 100 + 20
        other = scores(policy, encoder, mixed_prompts, changed)
    assert_close(other[1:], together[1:], atol=2e-5, rtol=0)
    assert (other[0] - together[0]).abs().max() > 1e-2  # the test would see a leak of this size
