"""Every family through whole steps, frozen by parts, exported and loaded again."""

import pytest
import torch
from torch.testing import assert_close
from training.helpers import examples, fit, grpo, prompts, sft, some_samples, weights
from transformers import AutoTokenizer

from models.families.helpers import ALL, AT_LEISURE, PACKED, TEXT_ONLY, WITH_PICTURES, some_at_leisure, stock_logprobs
from models.families.runs import exported_gap
from revisual.core.errors import UserError
from revisual.models.export import export_policy
from revisual.models.families import find_family
from revisual.models.lora import LoRA, adapter_scaling
from revisual.models.parts import part_of
from revisual.models.policy import PretrainedPolicy


def samples(family, count=8):
    found = some_samples(count)
    return [s for s in found if not s.images] if family in TEXT_ONLY else found


def never_used(policy):
    family = find_family(policy.config)
    return {name for name, _ in policy.named_parameters() if family.is_never_used(name)}


@pytest.mark.parametrize("family", some_at_leisure(WITH_PICTURES))
def test_what_is_never_used_gets_no_gradient(made, family):
    """From the stock model, where all parameters are free; what is used gets one."""
    tiny = made(family)
    stock, tokens = tiny.stock(), torch.tensor([40, 50, 60, 70])
    sum(stock_logprobs(stock, tiny, prompt, tokens).sum() for prompt in tiny.prompts).backward()
    assert {name for name, p in stock.named_parameters() if p.grad is None} == never_used(stock)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("family", some_at_leisure(ALL))
def test_an_sft_step_moves_every_weight(made, tmp_path, family, packed):
    if packed and family not in PACKED:
        pytest.skip("padded alone")
    module = sft(made(family).folder, {"packed": packed})
    module.configure_model()
    before = weights(module)
    steps = 4 if family in AT_LEISURE else 2
    run = fit(module, examples(samples(family)), tmp_path, steps)
    losses = run.log.values("train/loss")
    assert len(losses) == steps and losses[-1] < losses[0]
    still = {name for name, value in weights(module).items() if torch.equal(value, before[name])}
    assert still == never_used(module.policy)


@pytest.mark.parametrize("family", some_at_leisure(ALL))
def test_a_grpo_step_learns(made, tmp_path, family):
    module = grpo(made(family).folder)
    module.configure_model()
    run = fit(module, prompts(samples(family)), tmp_path, 2)
    assert all(run.watch.moved) and run.watch.norms[0] > 0
    assert all(gradient is not None for gradient in run.watch.gradients[0].values())
    assert len(run.log.values("reward/mean")) == 2


@pytest.mark.parametrize("family", some_at_leisure(ALL))
def test_an_export_is_the_policy(made, tmp_path, family):
    """Stock classes load what was trained; so does the loader, and both compute what the policy did."""
    tiny = made(family)
    assert exported_gap(tiny, tmp_path) < 1e-6
    text = "<think>7</think>\\boxed{7}"
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer(text)["input_ids"] == tiny.encoder.processor.tokenizer(text)["input_ids"]


@pytest.mark.parametrize("family", some_at_leisure(WITH_PICTURES))
@pytest.mark.parametrize("part", ["vision_tower", "projector", "language_model"])
def test_a_frozen_part_stays(made, family, part):
    policy = made(family).policy(freeze=[part])
    frozen = {name for name, p in policy.named_parameters() if not p.requires_grad}
    own = {name for name, _ in policy.named_parameters() if part_of(policy, name) == part}
    assert own and frozen == own | never_used(policy)


def test_deepstack_mergers_are_the_projector(made):
    policy = made("qwen3_vl").policy()
    parts = {name: part_of(policy, name) for name, _ in policy.named_parameters()}
    mergers = [name for name in parts if "deepstack_merger_list" in name]
    assert len(mergers) == 12 and all(parts[name] == "projector" for name in mergers)
    assert parts["model.visual.blocks.0.attn.qkv.weight"] == "vision_tower"


@pytest.mark.parametrize("family", TEXT_ONLY)
def test_a_language_model_has_no_other_parts(made, family):
    with pytest.raises(UserError, match="freeze: the policy has no vision_tower"):
        made(family).policy(freeze=["vision_tower"])


@pytest.mark.parametrize("family", ["qwen3_vl", "llama", "internvl", "gemma3", "llava_onevision", "idefics3"])
def test_adapters_are_on_the_language_model(made, family):
    policy = made(family).policy(lora=LoRA(2, 8.0))
    assert len(adapter_scaling(policy)) == 7 * policy.config.get_text_config().num_hidden_layers
    assert all(part_of(policy, name) == "language_model" for name in adapter_scaling(policy))
    with pytest.raises(UserError, match="no linear layer of the language model"):
        made(family).policy(lora=LoRA(2, 8.0, targets=["nothing"]))


@pytest.mark.parametrize("family", some_at_leisure(ALL))
def test_adapters_learn(made, tmp_path, family):
    """Only they move, in a whole GRPO step; merged, an export computes what they do."""
    tiny = made(family)
    module = grpo(tiny.folder, {"lora": LoRA(2, 8.0)})
    module.configure_model()
    before = weights(module)
    fit(module, prompts(samples(family)), tmp_path / "run", 1)
    moved = {name for name, value in weights(module).items() if not torch.equal(value, before[name])}
    assert moved and all("lora_" in name for name in moved)
    export_policy(module.policy, module.encoder.processor, tmp_path / "out")
    again = PretrainedPolicy(str(tmp_path / "out"))
    tokens = torch.tensor([40, 50, 60, 70])
    with torch.no_grad():
        found = [
            stock_logprobs(model, tiny, tiny.prompts[0], tokens)
            for model in (again.load(again.load_processor()), module.policy)
        ]
    assert_close(found[0], found[1], atol=2e-6, rtol=0)
