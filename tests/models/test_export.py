"""A policy through a folder and back."""

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from conftest import SMALL, small_texts
from torch.testing import assert_close

from models.test_parts import random_adapter
from revisual.core.errors import UserError
from revisual.core.folders import replaced_folder, restore_folder
from revisual.core.manifest import MANIFEST, check_export
from revisual.models.export import export_policy
from revisual.models.policy import PretrainedPolicy
from revisual.models.processor import THOUGHT_TOKENS
from revisual.models.tiny import make_tiny_policy


def logits(policy, encoder, prompt):
    policy = policy.eval()
    policy.model.rope_deltas = None
    pictures = encoder.vision_inputs(prompt)
    with torch.no_grad():
        ids = prompt.token_ids[None]
        return policy(input_ids=ids, mm_token_type_ids=prompt.mm_token_type_ids[None], **pictures).logits


def reload(folder):
    loader = PretrainedPolicy(str(folder))
    processor = loader.load_processor()
    return loader.load(processor), processor


def test_a_round_trip_changes_nothing(policy, processor, encoder, mixed_prompts, mixed_samples, tmp_path):
    folder = tmp_path / "deep" / "export"
    export_policy(policy, processor, folder)
    loaded, again = reload(folder)
    for name, value in policy.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    for prompt, sample in zip(mixed_prompts, mixed_samples, strict=True):
        assert torch.equal(logits(loaded, encoder, prompt), logits(policy, encoder, prompt))
        other = type(encoder)(again, None).encode(sample)
        assert torch.equal(other.token_ids, prompt.token_ids)
        for (name, a), (other_name, b) in zip(
            encoder.vision_inputs(prompt).items(), type(encoder)(again, None).vision_inputs(other).items(), strict=True
        ):
            assert name == other_name and torch.equal(a, b)
    text = "<think>a</think><answer>b</answer>"
    assert again.tokenizer(text)["input_ids"] == processor.tokenizer(text)["input_ids"]
    assert again.tokenizer.decode(again.tokenizer(text)["input_ids"], skip_special_tokens=True) == text


def test_the_folder_is_an_ordinary_one(policy, processor, tmp_path):
    folder = tmp_path / "export"
    export_policy(policy, processor, folder)
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", MANIFEST} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pth", ".pkl", ".py"))]
    read = {name: json.loads((folder / name).read_text()) for name in names if name.endswith(".json")}
    assert read["config.json"]["architectures"] == ["Qwen2_5_VLForConditionalGeneration"]
    assert read["config.json"]["model_type"] == "qwen2_5_vl"
    classes = read["processor_config.json"]
    assert classes["processor_class"] == "Qwen2_5_VLProcessor"
    assert classes["video_processor"]["video_processor_type"] == "Qwen2VLVideoProcessor"
    assert classes["image_processor"]["image_processor_type"].startswith("Qwen2VLImageProcessor")
    assert "revisual" not in json.dumps({k: v for k, v in read.items() if k not in ("tokenizer.json", MANIFEST)})
    assert check_export(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_a_changed_file_is_noticed(policy, processor, tmp_path):
    folder = tmp_path / "export"
    export_policy(policy, processor, folder)
    (folder / "config.json").write_text("{}")
    with pytest.raises(UserError, match=r"config\.json: is not the file"):
        check_export(folder)
    (folder / "config.json").unlink()
    with pytest.raises(UserError, match=r"config\.json: is missing"):
        check_export(folder)
    (folder / MANIFEST).unlink()
    with pytest.raises(UserError, match="no finished export"):
        check_export(folder)


def test_an_export_holds_the_merged_adapter(policy_folder, processor, encoder, mixed_prompts, tmp_path):
    adapted = random_adapter(policy_folder, processor)
    expected = [logits(adapted, encoder, prompt).log_softmax(-1) for prompt in mixed_prompts]
    export_policy(adapted, processor, tmp_path / "export")
    loaded, _ = reload(tmp_path / "export")
    for prompt, value in zip(mixed_prompts, expected, strict=True):
        assert_close(logits(loaded, encoder, prompt).log_softmax(-1), value, atol=1e-5, rtol=0)
        assert torch.equal(logits(adapted, encoder, prompt).log_softmax(-1), value)  # the policy goes on unchanged
    assert not any("lora" in name or "base_layer" in name for name in loaded.state_dict())
    assert not (tmp_path / "export" / "adapter_config.json").exists()


@pytest.mark.parametrize("tied", [True, False])
def test_grown_tables_survive(tmp_path, tied):
    from dataclasses import replace

    policy, processor = make_tiny_policy(replace(SMALL, tied=tied), small_texts()[:3])
    policy.resize_token_embeddings(len(processor.tokenizer))
    policy.save_pretrained(tmp_path / "base")
    processor.save_pretrained(tmp_path / "base")
    grown, processor = reload(tmp_path / "base")
    size = len(processor.tokenizer)
    assert grown.get_input_embeddings().weight.shape[0] == size
    export_policy(grown, processor, tmp_path / "export")
    again, other = reload(tmp_path / "export")
    ids = other.tokenizer.convert_tokens_to_ids(list(THOUGHT_TOKENS))
    assert ids == processor.tokenizer.convert_tokens_to_ids(list(THOUGHT_TOKENS)) == list(range(size - 4, size))
    assert len(other.tokenizer) == size
    tokens = torch.tensor([[*ids, 3]])
    with torch.no_grad():
        assert torch.equal(again.eval()(input_ids=tokens).logits, grown.eval()(input_ids=tokens).logits)


def test_odd_generation_settings_are_exported_too(policy, processor, tmp_path):
    """As Qwen2.5-VL's: sampling settings beside greedy ones, which transformers refuses to save when they disagree."""
    policy.generation_config.update(do_sample=True, repetition_penalty=1.05, temperature=1e-6)
    export_policy(policy, processor, tmp_path / "export")
    assert json.loads((tmp_path / "export" / "generation_config.json").read_text())["repetition_penalty"] == 1.05


@pytest.fixture
def exported(policy, processor, tmp_path):
    folder = tmp_path / "export"
    export_policy(policy, processor, folder)
    return folder, check_export(folder)


@pytest.mark.parametrize("kind", ["errno", "safetensors"])
def test_a_full_disk_leaves_the_old_export(policy, processor, exported, monkeypatch, kind):
    from safetensors import SafetensorError

    folder, before = exported
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if kind == "safetensors":
        full = SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    def save_pretrained(folder, **options):
        (Path(folder) / "model.safetensors").write_bytes(b"half")
        raise full

    monkeypatch.setattr(policy, "save_pretrained", save_pretrained)
    with pytest.raises(UserError, match="No space left on device") as caught:
        export_policy(policy, processor, folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)
    assert check_export(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["export"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_really_full_disk_leaves_the_old_export(policy, processor, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1800k", "tmpfs", str(small)], capture_output=True
    ).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        export_policy(policy, processor, small / "export")
        before = check_export(small / "export")
        with pytest.raises(UserError, match="cannot write"):
            export_policy(policy, processor, small / "export")
        assert check_export(small / "export") == before
        assert [path.name for path in small.iterdir()] == ["export"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_an_unwritable_folder_is_one_line(policy, processor, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="Permission denied"):
        export_policy(policy, processor, tmp_path / "export")
    tmp_path.chmod(0o700)


def test_a_crash_between_the_renames_is_mended(policy, processor, exported):
    folder, before = exported
    folder.rename(folder.with_name(".export.revisual-old"))
    shutil.copytree(folder.with_name(".export.revisual-old"), folder.with_name(".export.revisual-new"))
    restore_folder(folder)
    assert check_export(folder) == before
    folder.rename(folder.with_name(".export.revisual-old"))
    export_policy(policy, processor, folder)
    assert check_export(folder) and [path.name for path in folder.parent.iterdir()] == ["export"]


def test_a_crash_after_the_renames_is_mended(policy, processor, exported):
    folder, before = exported
    shutil.copytree(folder, folder.with_name(".export.revisual-old"))
    restore_folder(folder)
    export_policy(policy, processor, folder)
    assert check_export(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["export"]


def test_any_error_leaves_the_old_folder(tmp_path):
    def written(folder, name):
        (folder / name).write_text("new")
        (folder / MANIFEST).write_text(json.dumps({name: ""}))

    folder = tmp_path / "export"
    folder.mkdir()
    written(folder, "a")
    with pytest.raises(KeyError), replaced_folder(folder) as new:
        written(new, "b")
        raise KeyError("x")
    assert (folder / "a").read_text() == "new" and [path.name for path in tmp_path.iterdir()] == ["export"]
    with replaced_folder(folder) as new:
        written(new, "b")
    assert sorted(path.name for path in folder.iterdir()) == ["b", MANIFEST]


def test_a_policy_built_without_weights_keeps_the_folders_generation_config(policy_folder, tmp_path):
    """As FSDP2 builds its policy and `revisual export` its own: end tokens decide where answers end."""
    folder = tmp_path / "opinionated"
    shutil.copytree(policy_folder, folder)
    path = folder / "generation_config.json"
    own = {"eos_token_id": [2, 0], "do_sample": True, "temperature": 0.7, "repetition_penalty": 1.05}
    path.write_text(json.dumps(json.loads(path.read_text()) | own))
    loader = PretrainedPolicy(str(folder))
    processor = loader.load_processor()
    whole = loader.load(processor)
    with torch.device("meta"):
        shapes = loader.load(processor)
    for policy in (whole, shapes):
        assert policy.generation_config.eos_token_id == [2, 0]
    assert shapes.generation_config.to_dict() == whole.generation_config.to_dict()
    shapes.load_state_dict(whole.state_dict(), assign=True)
    shapes.tie_weights()
    export_policy(shapes, processor, tmp_path / "out")
    written = json.loads((tmp_path / "out" / "generation_config.json").read_text())
    assert {name: written[name] for name in own} == own
    again = PretrainedPolicy(str(tmp_path / "out")).load_processor()
    assert again.tokenizer.chat_template == processor.tokenizer.chat_template
    assert again.chat_template == processor.chat_template
