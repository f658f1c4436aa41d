"""Rows for added tokens."""

from dataclasses import replace

import pytest
import torch
from conftest import SMALL, small_texts

from revisual.models.embeddings import grow_embeddings
from revisual.models.policy import PretrainedPolicy
from revisual.models.processor import THOUGHT_TOKENS
from revisual.models.tiny import make_tiny_policy


@pytest.mark.parametrize("tied", [True, False])
def test_embeddings_grow_by_their_mean_and_never_shrink(tied):
    policy, _ = make_tiny_policy(replace(SMALL, tied=tied), small_texts())
    head, table = policy.get_output_embeddings(), policy.get_input_embeddings()
    old, old_head = table.weight.detach().clone(), head.weight.detach().clone()
    assert grow_embeddings(policy, 10) == 400 == policy.get_input_embeddings().weight.shape[0]
    assert grow_embeddings(policy, 403) == 403
    for module, before in ((policy.get_input_embeddings(), old), (policy.get_output_embeddings(), old_head)):
        assert module.weight.shape == (403, 64)
        assert torch.equal(module.weight[:400], before)
        assert torch.allclose(module.weight[400:], before.mean(0), atol=1e-7)
    same = policy.get_output_embeddings().weight is policy.get_input_embeddings().weight
    assert same == tied
    assert policy.config.text_config.vocab_size == 403
    assert policy(input_ids=torch.tensor([[402]])).logits.shape[-1] == 403


def test_a_table_for_the_layers_grows_with_the_others():
    """Gemma 4 looks up each token a second time, for all layers."""
    policy, _ = make_tiny_policy(SMALL, small_texts(), family="gemma4")
    old = policy.get_per_layer_input_embeddings().weight.detach().clone()
    assert grow_embeddings(policy, 403) == 403
    grown = policy.get_per_layer_input_embeddings().weight
    assert torch.equal(grown[:400], old) and torch.allclose(grown[400:], old.mean(0), atol=1e-7)
    assert policy(input_ids=torch.tensor([[402]])).logits.shape[-1] == 403


@pytest.mark.parametrize("spare", [0, 50])
def test_tokens_take_rows_that_are_there(tmp_path, spare):
    """Qwen2.5-VL's table is longer than its tokenizer."""
    architecture = replace(SMALL, vocabulary=400)
    policy, processor = make_tiny_policy(architecture, small_texts()[:3])
    size = len(processor.tokenizer)
    policy.resize_token_embeddings(size + spare)
    policy.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    loader = PretrainedPolicy(str(tmp_path))
    loaded = loader.load(loader.load_processor())
    assert loaded.get_input_embeddings().weight.shape[0] == max(size + spare, size + len(THOUGHT_TOKENS))
