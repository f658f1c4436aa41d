"""Rollouts against plain forwards of one unpadded prompt at a time."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from revisual.core.seeds import stable_seed
from revisual.models.inputs import PromptedRows, packed_inputs, padded_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout

LENGTH = 12


def rollout(policy, encoder, prompts, sampling, max_rows=256, length=LENGTH, seed=0):
    engine = HFRollout(max_rows)
    engine.attach(policy, encoder)
    seeds = [stable_seed(seed, prompt.id, j) for prompt in prompts for j in range(sampling.n)]
    return engine.generate(prompts, sampling, length, seeds)


def want(policy, tokens, bias):
    """Gives the policy's head a bias towards some tokens."""
    head = torch.nn.Linear(64, policy.config.text_config.vocab_size)
    head.weight.data.copy_(policy.lm_head.weight.data)
    head.bias.data.zero_()
    head.bias.data[tokens] = bias
    policy.lm_head = head


def row_tokens(completions, row):
    return completions.token_ids[row][completions.mask[row]]


def plain_logprobs(policy, encoder, prompt, tokens, temperature):
    """One row, no padding, no code of this package: forward, ban, log-softmax, shift."""
    policy.model.rope_deltas = None
    ids = torch.cat([prompt.token_ids, tokens])[None]
    types = torch.cat([prompt.mm_token_type_ids, torch.zeros_like(tokens)])[None]
    pictures = (
        encoder.processor.image_processor(images=list(prompt.pictures), return_tensors="pt") if prompt.pictures else {}
    )
    with torch.no_grad():
        logits = policy(input_ids=ids, attention_mask=torch.ones_like(ids), mm_token_type_ids=types, **pictures).logits
    logits = logits[0, len(prompt.token_ids) - 1 : -1] / temperature
    for name in ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>"):
        logits[:, encoder.processor.tokenizer.convert_tokens_to_ids(name)] = -float("inf")
    return logits.log_softmax(-1)[torch.arange(len(tokens)), tokens]


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_recorded_logprobs_are_the_policys(policy, encoder, mixed_prompts, temperature):
    sampling = Sampling(n=2, temperature=temperature)
    completions = rollout(policy, encoder, mixed_prompts, sampling)
    index = torch.arange(len(mixed_prompts)).repeat_interleave(2)
    pad_id = encoder.processor.tokenizer.pad_token_id
    for make in (packed_inputs, padded_inputs):
        tokens, mask = completions.token_ids, completions.mask
        inputs = make(policy, PromptedRows(mixed_prompts, index, encoder.vision_inputs, pad_id, tokens, mask))
        with torch.no_grad():
            trained = token_logprobs(
                policy, inputs, tokens, mask, temperature=temperature, banned=banned_token_ids(policy)
            ).logprobs
        assert_close(completions.logprobs, trained, atol=1e-4, rtol=0)
    for row, prompt in enumerate(p for p in mixed_prompts for _ in range(2)):
        tokens = row_tokens(completions, row)
        plain = plain_logprobs(policy, encoder, prompt, tokens, temperature)
        assert_close(completions.logprobs[row, : len(tokens)], plain, atol=1e-4, rtol=0)


@pytest.mark.parametrize("max_rows", [1, 3])
def test_rows_do_not_depend_on_their_neighbors(policy, encoder, mixed_prompts, max_rows):
    together = rollout(policy, encoder, mixed_prompts, Sampling(n=2))
    apart = rollout(policy, encoder, mixed_prompts, Sampling(n=2), max_rows=max_rows)
    reversed_order = rollout(policy, encoder, mixed_prompts[::-1], Sampling(n=2))
    for row in range(len(mixed_prompts) * 2):
        p, j = divmod(row, 2)
        mirrored = (len(mixed_prompts) - 1 - p) * 2 + j
        for other, at in ((apart, row), (reversed_order, mirrored)):
            assert row_tokens(other, at).tolist() == row_tokens(together, row).tolist()
            tokens = len(row_tokens(together, row))
            assert_close(other.logprobs[at, :tokens], together.logprobs[row, :tokens], atol=1e-4, rtol=0)


def test_seeds_decide(policy, encoder, mixed_prompts):
    first, again = (rollout(policy, encoder, mixed_prompts[:2], Sampling(n=4)) for _ in range(2))
    other = rollout(policy, encoder, mixed_prompts[:2], Sampling(n=4), seed=1)
    assert torch.equal(first.token_ids, again.token_ids) and torch.equal(first.logprobs, again.logprobs)
    assert first.token_ids.tolist() != other.token_ids.tolist()
    assert len({tuple(row) for row in first.token_ids[:4].tolist()}) == 4


def test_text_after_pictures(policy, encoder, mixed_prompts):
    texts = [mixed_prompts[1], mixed_prompts[3], mixed_prompts[1]]
    fresh = rollout(policy, encoder, texts, Sampling())
    rollout(policy, encoder, [mixed_prompts[0], mixed_prompts[2]], Sampling())
    after = rollout(policy, encoder, texts, Sampling())
    assert torch.equal(fresh.token_ids, after.token_ids)
    assert_close(fresh.logprobs, after.logprobs, atol=1e-5, rtol=0)
    rollout(policy, encoder, [mixed_prompts[0]] * 3, Sampling())  # as many rows as now: nothing would crash
    again = rollout(policy, encoder, texts, Sampling())
    assert_close(fresh.logprobs, again.logprobs, atol=1e-5, rtol=0)


def test_settings_in_the_folder_change_nothing(policy, policy_folder, processor, encoder, mixed_prompts, tmp_path):
    folder = tmp_path / "opinionated"
    shutil.copytree(policy_folder, folder)
    path = folder / "generation_config.json"
    opinions = {
        "do_sample": True, "repetition_penalty": 1.5, "top_k": 5, "temperature": 0.1, "min_p": 0.3, "min_new_tokens": 9,
        "suppress_tokens": list(range(100, 300)), "no_repeat_ngram_size": 1, "typical_p": 0.2, "num_beams": 2,
        "max_length": 20, "forced_eos_token_id": 2, "guidance_scale": 2.0, "num_return_sequences": 2,
    }  # fmt: skip
    path.write_text(json.dumps(json.loads(path.read_text()) | opinions))
    opinionated = PretrainedPolicy(str(folder)).load(processor)
    assert opinionated.generation_config.repetition_penalty == 1.5
    for sampling in (Sampling(n=2), Sampling(temperature=0.0)):
        expected = rollout(policy, encoder, mixed_prompts, sampling)
        actual = rollout(opinionated, encoder, mixed_prompts, sampling)
        assert torch.equal(actual.token_ids, expected.token_ids)
        assert_close(actual.logprobs, expected.logprobs, atol=0, rtol=0)
    assert opinionated.generation_config.repetition_penalty == 1.5  # kept for the export


def test_greedy_takes_the_likeliest(policy, encoder, mixed_prompts):
    completions = rollout(policy, encoder, mixed_prompts[:3], Sampling(temperature=0.0), length=4)
    allowed = [t for t in range(policy.config.text_config.vocab_size) if t not in banned_token_ids(policy)]
    for row, prompt in enumerate(mixed_prompts[:3]):
        tokens = row_tokens(completions, row)
        for t in range(len(tokens)):
            before = torch.cat([tokens[:t], tokens[t : t + 1]])
            chosen = plain_logprobs(policy, encoder, prompt, before, 1.0)[-1]
            others = [torch.cat([tokens[:t], torch.tensor([token])]) for token in allowed[::40]]
            assert all(chosen >= plain_logprobs(policy, encoder, prompt, other, 1.0)[-1] for other in others)


def test_masks_end_at_the_first_end_token(policy, encoder, mixed_prompts):
    end = encoder.processor.tokenizer.eos_token_id
    want(policy, [end], 3.0)
    completions = rollout(policy, encoder, mixed_prompts, Sampling(n=8))
    assert completions.truncated.any() and not completions.truncated.all()
    for row, truncated in enumerate(completions.truncated.tolist()):
        tokens = row_tokens(completions, row).tolist()
        assert end not in tokens[:-1]
        assert (tokens[-1] != end) == truncated
        assert completions.mask[row].tolist() == [t < len(tokens) for t in range(completions.mask.shape[1])]
        assert len(tokens) == completions.token_ids.shape[1] or not truncated
    assert (completions.logprobs[~completions.mask] == 0).all()


def test_a_policy_that_wants_pictures_gets_none(policy, encoder, mixed_prompts):
    wanted = banned_token_ids(policy)
    assert len(wanted) == 3
    want(policy, wanted, 1e6)
    for sampling in (Sampling(n=2), Sampling(temperature=0.0), Sampling(top_p=0.5), Sampling(top_k=2)):
        completions = rollout(policy, encoder, mixed_prompts, sampling)
        assert not torch.isin(completions.token_ids, wanted).any() and not completions.banned.any()
        assert completions.logprobs.isfinite().all()


def test_the_policys_mode_is_restored(policy, encoder, mixed_prompts):
    policy.train()
    rollout(policy, encoder, mixed_prompts[:1], Sampling(), length=1)
    assert policy.training
    policy.eval()
    rollout(policy, encoder, mixed_prompts[:1], Sampling(), length=1)
    assert not policy.training


def test_gradient_checkpointing_changes_no_rollout(policy, policy_folder, processor, encoder, mixed_prompts):
    loader = replace(PretrainedPolicy(str(policy_folder)), gradient_checkpointing=True)
    checkpointed = loader.load(processor)
    checkpointed.train()
    expected = rollout(policy, encoder, mixed_prompts, Sampling())
    assert torch.equal(rollout(checkpointed, encoder, mixed_prompts, Sampling()).token_ids, expected.token_ids)


@pytest.mark.parametrize("options", [{"n": 0}, {"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"top_k": -1}])
def test_sampling_refuses(options):
    with pytest.raises(ValueError, match=f"Sampling: {next(iter(options))}: expected"):
        Sampling(**options)
