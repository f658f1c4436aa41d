"""Processors and added tokens."""

import shutil
from dataclasses import replace

import pytest
import torch
from conftest import SMALL, small_texts

from revisual.core.errors import UserError
from revisual.models.embeddings import grow_embeddings
from revisual.models.policy import PretrainedPolicy
from revisual.models.processor import THOUGHT_TOKENS, add_tokens, load_processor
from revisual.models.tiny import SPECIAL_TOKENS, TinyArchitecture, make_tiny_policy


def test_thought_tokens_are_ordinary(processor):
    tokenizer = processor.tokenizer
    ids = tokenizer("<think>7</think><answer>7</answer><|im_end|>")["input_ids"]
    assert len(ids) == 7
    assert tokenizer.decode(ids, skip_special_tokens=True) == "<think>7</think><answer>7</answer>"
    assert not set(THOUGHT_TOKENS) & set(tokenizer.all_special_tokens)


def test_adding_twice_adds_once(processor):
    before = len(processor.tokenizer)
    add_tokens(processor, THOUGHT_TOKENS)
    assert len(processor.tokenizer) == before


def test_a_folder_without_a_processor_is_one_line(policy_folder, tmp_path):
    folder = tmp_path / "bare"
    shutil.copytree(policy_folder, folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json"):
        (folder / name).unlink(missing_ok=True)
    with pytest.raises(UserError) as caught:
        PretrainedPolicy(str(folder)).load_processor()
    assert "\n" not in str(caught.value) and str(folder) in str(caught.value)


@pytest.mark.parametrize("missing", ["tokenizer.json", "processor_config.json"])
def test_half_a_processor_is_one_line(policy_folder, tmp_path, missing):
    folder = tmp_path / "half"
    shutil.copytree(policy_folder, folder)
    (folder / missing).unlink()
    with pytest.raises(UserError, match="no processor"):
        load_processor(str(folder))


@pytest.mark.parametrize("broken", ["gone", "cut"])
def test_a_folder_without_weights_is_one_line(policy_folder, processor, tmp_path, broken):
    folder = tmp_path / "weightless"
    shutil.copytree(policy_folder, folder)
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    weights.unlink()
    if broken == "cut":
        weights.write_bytes(content[:1000])
    with pytest.raises(UserError, match="cannot load a policy") as caught:
        PretrainedPolicy(str(folder)).load(processor)
    assert "\n" not in str(caught.value)


def test_no_such_folder_is_one_line(tmp_path):
    with pytest.raises(UserError) as caught:
        PretrainedPolicy(str(tmp_path / "nowhere")).load_processor()
    assert "\n" not in str(caught.value)


def test_limits_of_pixels_are_the_pictures(policy_folder, encoder, mixed_samples):
    small = PretrainedPolicy(str(policy_folder), min_pixels=28 * 28, max_pixels=28 * 56).load_processor()
    pictures = [
        image for sample in mixed_samples for image in replace(encoder, processor=small).encode(sample).pictures
    ]
    assert len(pictures) == 4 and all(p.width * p.height <= 28 * 56 for p in pictures)
    large = PretrainedPolicy(str(policy_folder), min_pixels=112 * 112, max_pixels=224 * 224).load_processor()
    pictures = [
        image for sample in mixed_samples for image in replace(encoder, processor=large).encode(sample).pictures
    ]
    assert all(p.width * p.height >= 112 * 112 for p in pictures)


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


def test_a_tiny_policy_is_a_function_of_its_seed():
    a, b, c = (make_tiny_policy(SMALL, small_texts(), seed)[0].state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(a[name], b[name]) for name in a) and any(not torch.equal(a[name], c[name]) for name in a)


def test_a_tiny_tokenizer_is_qwens_in_kind(processor):
    tokenizer = processor.tokenizer
    assert tokenizer.eos_token == "<|im_end|>" and tokenizer.pad_token == "<|endoftext|>"
    assert [tokenizer.convert_tokens_to_ids(t) for t in SPECIAL_TOKENS] == list(range(len(SPECIAL_TOKENS)))
    assert len(tokenizer("2026", add_special_tokens=False)["input_ids"]) == 4
    text = "any bytes: äöü 漢字 🙂\n"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_small_heads_are_refused():
    with pytest.raises(ValueError, match="at least 32 channels"):
        TinyArchitecture(hidden=64, heads=4)
