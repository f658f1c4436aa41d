"""Adapters on the parts that are chosen, and on experts."""

import pytest
import torch
from torch.testing import assert_close
from training.helpers import examples, fit, grpo, prompts, sft, some_samples, weights

from models.families.helpers import Made, stock_logprobs, tiny_folder
from models.test_parts import fill_adapters
from revisual.core.errors import UserError
from revisual.models.export import export_policy
from revisual.models.lora import LoRA, adapter_disabled, adapters, plain_name
from revisual.models.parts import part_of
from revisual.models.sharding import full_tensors
from revisual.rollout.weight_sync import published_weights, weight_names

PARTS = ("language_model", "vision_tower", "projector")
EXPERTS = LoRA(2, 8.0, experts=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory, mixed_samples):
    folder = tmp_path_factory.mktemp("families")

    def make(family):
        path = folder / family
        return Made(path if path.exists() else tiny_folder(family, path), mixed_samples)

    return make


def adapted_parts(policy):
    return {part_of(policy, plain_name(name)) for name in adapters(policy)}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl", "internvl", "gemma3", "llava_onevision", "idefics3"])
def test_a_part_by_choice(made, family, part):
    """It has all the adapters, and each of them gets a gradient."""
    tiny = made(family)
    if (family, part) == ("gemma3", "projector"):  # one matrix, and no layer
        with pytest.raises(UserError, match="no linear layer of the projector"):
            tiny.policy(lora=LoRA(parts=[part]))
        return
    policy = fill_adapters(tiny.policy(lora=LoRA(2, 8.0, parts=[part])))
    assert adapted_parts(policy) == {part}
    sum(stock_logprobs(policy, tiny, p, torch.tensor([40, 50])).sum() for p in tiny.prompts).backward()
    trained = {name: p.grad for name, p in policy.named_parameters() if p.requires_grad}
    assert trained and all("lora_" in name and grad is not None and grad.any() for name, grad in trained.items())


def test_all_parts_at_once_learn(made, tmp_path):
    module = sft(made("qwen3_vl").folder, {"lora": LoRA(2, 8.0, parts=PARTS)})
    module.configure_model()
    before = weights(module)
    fit(module, examples(some_samples(8)), tmp_path, 2)
    moved = {name for name, value in weights(module).items() if not torch.equal(value, before[name])}
    assert moved == {name for name in before if "lora_" in name}
    assert adapted_parts(module.policy) == set(PARTS)


@pytest.mark.parametrize("family", ["qwen3_vl_moe", "qwen3_5_moe", "glm4v_moe"])
def test_adapters_of_experts_are_merged(made, tmp_path, family):
    """An export computes what each expert and its adapters did; without them, the policy is the base."""
    tiny, tokens = made(family), torch.tensor([40, 50, 60, 70])
    policy = fill_adapters(tiny.policy(lora=EXPERTS))
    experts = [name for name, adapter in adapters(policy).items() if adapter.experts]
    assert experts and all(".experts." in name for name in experts)
    sent = {name for name, _ in published_weights(policy, full_tensors(policy))}
    assert weight_names(policy) == sent == weight_names(tiny.policy())
    export_policy(policy, tiny.encoder.processor, tmp_path / "out")
    exported = type(tiny.stock()).from_pretrained(tmp_path / "out")
    with torch.no_grad():
        ours, theirs, base = (
            stock_logprobs(m, tiny, tiny.prompts[0], tokens) for m in (policy, exported, tiny.stock())
        )
        with adapter_disabled(policy):
            bare = stock_logprobs(policy, tiny, tiny.prompts[0], tokens)
    assert (ours - base).abs().max() > 1e-2
    assert_close(theirs, ours, atol=1e-5, rtol=0)
    assert_close(bare, base, atol=1e-6, rtol=0)


def test_adapters_of_experts_learn(made, tmp_path):
    """In a whole GRPO step, own rollouts and all."""
    module = grpo(made("qwen3_vl_moe").folder, {"lora": EXPERTS})
    module.configure_model()
    before = weights(module)
    fit(module, prompts(some_samples(8)), tmp_path, 2)
    moved = {name for name, value in weights(module).items() if not torch.equal(value, before[name])}
    assert all("lora_" in name for name in moved) and sum(".experts." in name for name in moved) == 8


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"lora": EXPERTS}, "lora.experts: the policy has no experts"),
        ({"lora": LoRA(parts=["vision_tower"]), "freeze": ["vision_tower"]}, "freeze: vision_tower is frozen, and"),
        ({"lora": LoRA(targets=["nothing"])}, "no linear layer of the language model has a name in"),
    ],
)
def test_what_cannot_be_adapted(made, options, reason):
    with pytest.raises(UserError, match=reason):
        made("qwen3_vl").policy(**options)


def test_a_language_model_has_no_tower_to_adapt(made):
    with pytest.raises(UserError, match="no linear layer of the vision tower"):
        made("qwen3").policy(lora=LoRA(parts=["vision_tower"]))


def test_experts_adapters_have_no_dropout():
    with pytest.raises(UserError, match=r"lora\.experts"):
        LoRA(dropout=0.1, experts=True)
