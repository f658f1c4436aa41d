"""Passes on shapes against the same passes on numbers, whose allocations torch's profiler writes down."""

import pytest
import torch
from models.families.helpers import tiny_folder
from torch.profiler import ProfilerActivity, profile

from revisual.data.encoding import PromptEncoder
from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.memory_plan.forward_passes import Passes
from revisual.memory_plan.live import shape_mode
from revisual.memory_plan.shapes import longest_prompt, on_no_device
from revisual.models.head import float32_logits
from revisual.models.inputs import PromptedRows, forward_inputs, padded_prompts
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.decoding import prefill

PROMPT, RESPONSE, ROWS = 200, 300, [3, 1]

OPTIONS = {
    "packed": {},
    "padded": {"packed": False},
    "eager": {"attention": "eager"},
    "checkpointing": {"gradient_checkpointing": True},
    "LoRA": {"lora": LoRA(rank=4)},
    "frozen tower": {"freeze": ["vision_tower", "projector"]},
    "half": {"dtype": "bfloat16"},
}


def allocated(profiled):
    """The most bytes that were held at once, above those at the beginning."""
    held = most = 0
    for event in sorted(profiled.profiler.kineto_results.events(), key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return most


def passes(folder, options, pictures=1, precision="32-true"):
    loader = PretrainedPolicy(str(folder), **options)
    processor = loader.load_processor()
    with torch.device("meta"):
        policy = loader.load(processor)
    shapes = shape_mode()
    on_no_device(policy, shapes)
    longest = longest_prompt(PromptEncoder(processor, None), policy, PROMPT, pictures, shapes)
    return Passes(policy, shapes, longest, precision, processor.tokenizer.pad_token_id)


@pytest.fixture(params=OPTIONS, ids=str)
def options(request):
    return OPTIONS[request.param]


def real(folder, options, longest):
    """The policy with its weights, and the longest prompt's patches."""
    loader = PretrainedPolicy(str(folder), **options)
    processor = loader.load_processor()
    encoder = PromptEncoder(processor, None)
    patches = encoder.vision_inputs(longest.prompt)
    return loader.load(processor), lambda _: patches


def test_training_pass(policy_folder, options):
    assert_planned(policy_folder, options)


def test_training_pass_of_layers_that_take_features(tmp_path):
    """Qwen3-VL's first layers take them at the places that a mask says."""
    assert_planned(tiny_folder("qwen3_vl", tmp_path / "tiny"), {})


def assert_planned(folder, options):
    planned = passes(folder, options)
    peak = planned.training(ROWS, RESPONSE, accumulates=True)
    policy, vision_inputs = real(folder, options, planned.longest)
    policy.train()
    for parameter in policy.parameters():
        parameter.grad = torch.zeros_like(parameter) if parameter.requires_grad else None
    index = torch.tensor([p for p, n in enumerate(ROWS) for _ in range(n)])
    ids = torch.full((len(index), RESPONSE), 7)
    mask = torch.ones_like(ids, dtype=torch.bool)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        inputs = forward_inputs(
            policy, PromptedRows([planned.longest.prompt] * len(ROWS), index, vision_inputs, 0, ids, mask)
        )
        outputs = token_logprobs(policy, inputs, ids, mask, banned=banned_token_ids(policy))
        outputs.logprobs.sum().backward()
    lasting = peak.kinds["weights"] + peak.kinds["gradients"]
    assert peak.total - lasting == pytest.approx(allocated(profiled), rel=0.1)


@pytest.mark.parametrize("name", ["packed", "padded"])
def test_reading_prompts(name, policy_folder):
    planned = passes(policy_folder, OPTIONS[name])
    peak = planned._reading(3, 4)
    policy, vision_inputs = real(policy_folder, OPTIONS[name], planned.longest)
    with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        inputs = padded_prompts(policy, [planned.longest.prompt], torch.zeros(3, dtype=torch.long), vision_inputs, 0)
        prefill(policy.eval(), float32_logits(policy), [inputs], 4)
    assert peak.total - peak.kinds["weights"] == pytest.approx(allocated(profiled), rel=0.1)


def test_reading_grows_linearly_with_prompts(policy_folder):
    planned = passes(policy_folder, {})
    peak = planned.rollout(5, Sampling(1), 2)
    assert peak.total == pytest.approx(planned._reading(5, 1).total, rel=0.01)


@pytest.mark.parametrize(("name", "prompts_held"), [("packed", 2), ("padded", 6)])
def test_keys_and_values_of_rollouts(name, prompts_held, policy_folder):
    """Two prompts with three answers each: packed, the answers share their prompt's."""
    planned = passes(policy_folder, OPTIONS[name], pictures=0)
    peak = planned._answering(2, Sampling(3), 512)
    config = planned.policy.config.get_text_config()
    a_token = 2 * 4 * config.num_hidden_layers * config.num_key_value_heads * 32
    assert peak.largest["KV cache"] == pytest.approx(a_token * (prompts_held * PROMPT + 6 * 512), rel=0.02)


def test_the_longest_prompt_is_as_long_as_asked_for(policy_folder):
    planned = passes(policy_folder, {}, pictures=2).longest
    assert len(planned.prompt.token_ids) == len(planned.prompt.mm_token_type_ids) == PROMPT
    assert len(planned.prompt.pictures) == 2 and planned.pixels == 2 * 112 * 112
    blank = ImageSource(image=planned.prompt.pictures[0])
    assert planned.prompt.mm_token_type_ids.sum() == 2 * 16 and Sample("a", images=[blank]).load_images()


def test_autocast_holds_half_copies_of_the_weights(policy_folder):
    planned = passes(policy_folder, {}, pictures=0, precision="bf16-mixed")
    peak = planned.training([1], 8, accumulates=True)
    matrices = sum(p.numel() for p in planned.policy.base_model.language_model.layers.parameters() if p.ndim > 1)
    assert peak.largest["copies"] >= 2 * matrices
