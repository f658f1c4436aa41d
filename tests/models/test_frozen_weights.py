"""Checkpoints of adapters: what they hold, and what they are refused for."""

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from safetensors.torch import load_file, save_file
from torch.testing import assert_close
from training.helpers import fit, grpo, prompts, some_samples

from revisual.core.errors import UserError
from revisual.models.frozen_weights import KEY, match_frozen
from revisual.models.lora import LoRA


def train(folder, policy, steps=1, ckpt_path=None, **options):
    module = grpo(policy, {"lora": LoRA(2, 8.0), **options})
    callbacks = [ModelCheckpoint(folder, every_n_train_steps=1, save_last=True)]
    return fit(module, prompts(some_samples(4)), folder, steps, callbacks, ckpt_path, enable_checkpointing=True)


def read(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("options", [{}, {"dtype": "bfloat16"}])
def test_a_checkpoint_holds_what_is_trained(policy_folder, tmp_path, options):
    run = train(tmp_path, policy_folder, **options)
    content = read(tmp_path / "last.ckpt")
    trained = {f"policy.{name}" for name, value in run.module.policy.named_parameters() if value.requires_grad}
    assert (
        content["state_dict"].keys() & {f"policy.{name}" for name, _ in run.module.policy.named_parameters()} == trained
    )
    assert all(".lora_" in name for name in trained)
    names = {name for name, _ in run.module.policy.named_parameters(remove_duplicate=False)}
    assert content[KEY].keys() == names - {name.removeprefix("policy.") for name in trained}


def test_full_weights_are_all_there(policy_folder, tmp_path):
    module = grpo(policy_folder, {"freeze": ["vision_tower"]})
    callbacks = [ModelCheckpoint(tmp_path, every_n_train_steps=1, save_last=True)]
    fit(module, prompts(some_samples(4)), tmp_path, 1, callbacks, enable_checkpointing=True)
    content = read(tmp_path / "last.ckpt")
    assert KEY not in content
    assert {f"policy.{name}" for name in module.policy.state_dict()} <= content["state_dict"].keys()


def test_other_weights_below_are_refused(policy_folder, tmp_path):
    train(tmp_path / "run", policy_folder)
    other = tmp_path / "other"
    other.mkdir()
    for path in policy_folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    weights = load_file(other / "model.safetensors")
    name = next(name for name in weights if name.endswith("layers.1.mlp.up_proj.weight"))
    weights[name][0, 0] += 1e-6
    save_file(weights, other / "model.safetensors", {"format": "pt"})
    with pytest.raises(
        UserError, match=r"last\.ckpt: holds adapters alone.*layers\.1\.mlp\.up_proj.*not what they were"
    ):
        train(tmp_path / "rest", other, 2, tmp_path / "run" / "last.ckpt")


def test_types_are_those_of_the_run():
    whole = torch.randn(3, 4)
    frozen = {"a": "3x4 bfloat16 0"}
    with pytest.raises(UserError, match="x: holds adapters alone"):
        match_frozen({"a": whole}, frozen, "x")
    bits = whole.bfloat16().view(torch.int16).long().sum().item() % 2**64
    found = match_frozen({"a": whole}, {"a": f"3x4 bfloat16 {bits:x}"}, "x")
    assert_close(found["a"], whole.bfloat16(), atol=0, rtol=0)


def test_absent_weights_are_named():
    with pytest.raises(UserError, match="policy's b is not what"):
        match_frozen({"a": torch.zeros(1)}, {"b": "1 float32 0"}, "x")
