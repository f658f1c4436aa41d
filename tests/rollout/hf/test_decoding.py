"""Decoding with shared prompts, with copied ones, and what it computes."""

import pytest
import torch
from torch.testing import assert_close

from revisual.core.seeds import stable_seed
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.engine import Sampling
from revisual.rollout.hf import decoding
from revisual.rollout.hf.engine import HFRollout, _parts


def rollout(policy, encoder, prompts, n=3, length=10, max_rows=256):
    engine = HFRollout(max_rows)
    engine.attach(policy, encoder)
    seeds = [stable_seed(prompt.id, j) for prompt in prompts for j in range(n)]
    return engine.generate(prompts, Sampling(n), length, seeds)


def assert_same(a, b):
    assert a.mask.tolist() == b.mask.tolist()
    assert a.token_ids[a.mask].tolist() == b.token_ids[b.mask].tolist()
    assert_close(a.logprobs, b.logprobs, atol=1e-4, rtol=0)
    assert a.truncated.tolist() == b.truncated.tolist()


def end_often(policy, tokenizer):
    """Rows end after a few tokens, at different times."""
    head = torch.nn.Linear(64, policy.config.text_config.vocab_size)
    head.weight.data.copy_(policy.lm_head.weight.data)
    head.bias.data.zero_()
    head.bias.data[tokenizer.eos_token_id] = 4.0
    policy.lm_head = head


def test_copied_prompts_give_the_same(policy, policy_folder, processor, encoder, mixed_prompts):
    plain = PretrainedPolicy(str(policy_folder), packed=False).load(processor)
    assert_same(rollout(plain, encoder, mixed_prompts), rollout(policy, encoder, mixed_prompts))


@pytest.mark.parametrize("packed", [True, False])
def test_letting_go_of_what_has_ended(policy_folder, processor, encoder, mixed_prompts, monkeypatch, packed):
    policy = PretrainedPolicy(str(policy_folder), packed=packed).load(processor)
    end_often(policy, processor.tokenizer)
    rows = []
    policy.lm_head.register_forward_hook(lambda _, states, __: rows.append(len(states[0])))
    early = rollout(policy, encoder, mixed_prompts, length=60)
    assert len(set(rows[1:])) > 1 and rows[1:] == sorted(rows[1:], reverse=True)
    monkeypatch.setattr(decoding, "LET_GO", 0.0)
    assert_same(early, rollout(policy, encoder, mixed_prompts, length=60))
    lengths = early.mask.sum(1)
    assert len(set(lengths.tolist())) > 2 and not early.truncated.all()


def test_pictures_and_prompts_are_computed_once(policy, encoder, mixed_prompts):
    patches, tokens = [], []
    policy.model.visual.register_forward_pre_hook(lambda _, given: patches.append(len(given[0])))
    layer = policy.model.language_model.layers[0]
    layer.register_forward_pre_hook(lambda _, given: tokens.append(tuple(given[0].shape[:2])))
    rollout(policy, encoder, mixed_prompts, n=3, length=5)
    assert patches == [sum(len(encoder.vision_inputs(p).get("pixel_values", ())) for p in mixed_prompts)]
    longest = max(len(p.token_ids) for p in mixed_prompts)
    assert tokens[0] == (len(mixed_prompts), longest) and set(tokens[1:]) == {(len(mixed_prompts) * 3, 1)}


@pytest.mark.parametrize(("prompts", "n", "max_rows"), [(3, 2, 4), (2, 5, 3), (4, 1, 3), (1, 1, 256)])
def test_parts_hold_every_row_once(prompts, n, max_rows):
    parts = _parts(prompts, n, max_rows)
    assert sorted(row for _, rows in parts for row in rows) == list(range(prompts * n))
    for owners, rows in parts:
        assert len(rows) <= max_rows
        assert [row // n for row in rows] == [p for p in owners for _ in range(len(rows) // len(owners))]


def test_a_group_larger_than_a_part(policy, encoder, mixed_prompts):
    assert_same(
        rollout(policy, encoder, mixed_prompts[:2], n=5, max_rows=3), rollout(policy, encoder, mixed_prompts[:2], n=5)
    )
