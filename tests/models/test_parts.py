"""Freezing, adapters and gradient checkpointing in training."""

from dataclasses import replace

import pytest
import torch
from conftest import SMALL, small_texts
from torch.testing import assert_close
from training.helpers import examples, fit, grpo, prompts, sft, some_samples, total_norm, weights

from revisual.core.errors import UserError
from revisual.models.families.generic import Generic
from revisual.models.lora import LoRA, adapter_disabled, adapter_scaling, has_adapter
from revisual.models.parts import freeze, part_of
from revisual.models.policy import PretrainedPolicy, attention_name
from revisual.models.sharding import full_tensors
from revisual.models.tiny import make_tiny_policy


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("model.visual.merger.mlp.0.weight", "projector"),
        ("model.visual.blocks.0.attn.qkv.weight", "vision_tower"),
        ("model.visual.patch_embed.proj.weight", "vision_tower"),
        ("model.language_model.layers.0.mlp.up_proj.weight", "language_model"),
        ("lm_head.weight", "language_model"),
        ("model.vision_tower.encoder.layer.0.weight", "vision_tower"),
        ("model.multi_modal_projector.linear_1.weight", "projector"),
        ("model.connector.modality_projection.proj.weight", "projector"),
    ],
)
def test_parts_by_name(name, part):
    assert Generic().part_of(name) == part


@pytest.mark.parametrize("parts", [["vision_tower"], ["vision_tower", "projector"], ["language_model"]])
def test_frozen_parts_stay_and_the_rest_moves(policy_folder, tmp_path, parts):
    module = sft(policy_folder, {"freeze": parts})
    module.configure_model()
    before = weights(module)
    run = fit(module, examples(some_samples(4)), tmp_path, 2)
    trained = {id(p) for group in run.trainer.optimizers[0].param_groups for p in group["params"]}
    for name, parameter in module.policy.named_parameters():
        frozen = part_of(module.policy, name) in parts
        assert (id(parameter) in trained) == (not frozen), name
        assert torch.equal(parameter, before[name]) == frozen, name


def test_an_unknown_part_is_one_line(policy):
    text_only = make_tiny_policy(SMALL, small_texts(), family="qwen2")[0]
    with pytest.raises(UserError, match="freeze: the policy has no vision_tower"):
        freeze(text_only, ["vision_tower"])
    with pytest.raises(UserError, match="leaves nothing to train"):
        freeze(policy, ["vision_tower", "projector", "language_model"])


def test_flash_attention_is_asked_for_by_name():
    with pytest.raises(UserError, match="flash-attn"):
        attention_name("flash")
    assert attention_name("eager") == "eager" and attention_name("auto") == "sdpa"
    assert attention_name("torch") == "sdpa"


def test_checkpointing_changes_no_gradient(policy_folder, tmp_path):
    runs = [
        fit(sft(policy_folder, {"gradient_checkpointing": on}), examples(some_samples(4)), tmp_path, 1)
        for on in (False, True)
    ]
    assert runs[1].module.policy.is_gradient_checkpointing
    for name, gradient in runs[0].watch.gradients[0].items():
        assert_close(runs[1].watch.gradients[0][name], gradient, atol=1e-7, rtol=1e-5)


def test_checkpointing_recomputes(policy_folder, processor, encoder, mixed_prompts):
    """Not silently off, as in evaluation mode."""
    module = sft(policy_folder, {"gradient_checkpointing": True})
    module.configure_model()
    calls = []
    module.policy.model.language_model.layers[0].self_attn.register_forward_hook(lambda *_: calls.append(1))
    ids = mixed_prompts[1].token_ids[None]
    module.policy(input_ids=ids).logits.sum().backward()
    assert len(calls) == 2


@pytest.mark.parametrize("checkpointing", [False, True])
def test_an_adapter_trains_alone(policy_folder, tmp_path, checkpointing):
    module = grpo(policy_folder, {"lora": LoRA(2, 8.0), "gradient_checkpointing": checkpointing})
    module.configure_model()
    before = weights(module)
    run = fit(module, prompts(), tmp_path, 2)
    assert run.watch.norms[0] > 0
    for name, value in weights(module).items():
        # B starts at 0, so that A has no gradient at the first step, and only decays.
        assert torch.equal(value, before[name]) == ("lora_" not in name), name
    assert has_adapter(module.policy) and len(adapter_scaling(module.policy)) == 2 * 7
    assert set(adapter_scaling(module.policy).values()) == {4.0}


def random_adapter(policy_folder, processor, **options):
    return fill_adapters(PretrainedPolicy(str(policy_folder), lora=LoRA(2, 8.0), **options).load(processor))


def fill_adapters(policy):
    """Adapters of random numbers, all of which count."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in policy.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    return policy.eval()


def test_without_its_adapter_a_policy_is_the_base(policy_folder, processor, policy, mixed_prompts):
    adapted = random_adapter(policy_folder, processor)
    ids = mixed_prompts[1].token_ids[None]
    with torch.no_grad():
        base, changed = policy(input_ids=ids).logits, adapted(input_ids=ids).logits
        with adapter_disabled(adapted):
            bare = adapted(input_ids=ids).logits
        again = adapted(input_ids=ids).logits
    assert torch.equal(bare, base) and torch.equal(again, changed)
    assert (changed - base).abs().max() > 1e-2


def test_merged_weights_are_by_hand(policy_folder, processor, policy):
    adapted = random_adapter(policy_folder, processor)
    merged = dict(full_tensors(adapted))
    plain = policy.state_dict()
    assert merged.keys() == plain.keys()
    changed = {name for name, value in merged.items() if not torch.equal(value, plain[name])}
    assert len(changed) == 14
    name = "model.language_model.layers.1.mlp.down_proj"
    layer = adapted.get_submodule(name)
    up, down = layer.lora_B["default"].weight, layer.lora_A["default"].weight
    assert_close(merged[f"{name}.weight"], plain[f"{name}.weight"] + 4.0 * up @ down, atol=1e-6, rtol=1e-5)


def test_a_reference_has_no_adapter_and_trains_nothing(policy_folder, processor):
    loader = replace(PretrainedPolicy(str(policy_folder)), lora=LoRA(2, 8.0))
    reference = loader.load_reference(processor)
    assert not has_adapter(reference) and not any(p.requires_grad for p in reference.parameters())
    assert not reference.training
    assert total_norm(dict(reference.named_parameters())) > 0
