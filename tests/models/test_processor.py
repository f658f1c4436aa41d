"""Processors and added tokens."""

import shutil
from dataclasses import replace

import pytest
import torch
from conftest import SMALL, small_texts

from revisual.core.errors import UserError
from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy
from revisual.models.processor import THOUGHT_TOKENS, add_tokens, load_processor, require_model
from revisual.models.tiny import SPECIAL_TOKENS, TinyArchitecture, make_tiny_policy


def test_thought_tokens_are_ordinary(processor):
    tokenizer = processor.tokenizer
    ids = tokenizer("<think>7</think><answer>7</answer><|im_end|>")["input_ids"]
    assert len(ids) == 7
    assert tokenizer.decode(ids, skip_special_tokens=True) == "<think>7</think><answer>7</answer>"
    assert not set(THOUGHT_TOKENS) & set(tokenizer.all_special_tokens)


def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    for path in (str(tmp_path / "exprot"), "./exprot", "out/exprot", "a/b/c"):
        with pytest.raises(UserError, match=f"^{path}: no such folder"):
            require_model(path)
    for path in ("Qwen/Qwen2.5-VL-7B-Instruct", "gpt2", "out"):
        require_model(path)


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


def test_adapters_come_without_new_tokens(policy_folder):
    """Their rows of the embedding would stay as they are."""

    def words(**options):
        return PretrainedPolicy(str(policy_folder), **options).load_processor().tokenizer.get_vocab()

    known = words(added_tokens=[])
    assert words(lora=LoRA(4)).keys() == known.keys()
    assert words(lora=LoRA(4), added_tokens=["<|im_end|>"]).keys() == known.keys()
    with pytest.raises(UserError, match=r"added_tokens: the tokenizer lacks <new>, whose rows of the embedding"):
        words(lora=LoRA(4), added_tokens=["<|im_end|>", "<new>"])
    assert words().keys() - known.keys() <= set(THOUGHT_TOKENS) and "<think>" in words()


def test_a_hub_that_cannot_be_reached_is_one_short_line(monkeypatch, tmp_path):
    """As transformers says it where neither network nor cache has the files."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        UserError, match="nobody/nothing: is no folder here, not in the cache, and the hub cannot be"
    ) as found:
        load_processor("nobody/nothing")
    assert len(str(found.value)) < 200
