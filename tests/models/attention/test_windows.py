"""Attention in windows."""

from inspect import signature
from unittest.mock import patch

import torch
from torch.testing import assert_close

from models.attention.imitations import like_torch_2_13
from revisual.models.attention.kernels import VarlenKernel
from revisual.models.policy import PretrainedPolicy


def features(policy, encoder, prompts):
    """Of the pictures, and how often each layer's attention was asked."""
    patches = [encoder.vision_inputs(prompt) for prompt in prompts if prompt.pictures]
    given = {name: torch.cat([p[name] for p in patches]) for name in patches[0]}
    with torch.no_grad():
        return torch.cat(policy.model.get_image_features(**given).pooler_output)


def test_all_windows_are_computed_by_one_call_of_a_layer(policy_folder, processor, encoder, mixed_prompts):
    plain = PretrainedPolicy(str(policy_folder), packed=False).load(processor)
    ours = PretrainedPolicy(str(policy_folder)).load(processor)
    expected = features(plain, encoder, mixed_prompts)
    assert torch.equal(features(ours, encoder, mixed_prompts), expected)
    calls = []

    def varlen(*args, **options):
        calls.append(args[3] if len(args) > 3 else options["cu_seq_q"])
        return like_torch_2_13(*args, **options)

    varlen.__signature__ = signature(like_torch_2_13)
    kernel = VarlenKernel(varlen, "counted")
    with patch("revisual.models.attention.windows.choose_kernel", lambda *_, **__: kernel):
        assert_close(features(ours, encoder, mixed_prompts), expected, atol=1e-5, rtol=1e-4)
    assert len(calls) == len(ours.model.visual.blocks) and any(len(ends) > 4 for ends in calls)


def popped(ends, config, kwargs, kwarg_name="max_seqlen"):
    """A KeyError where transformers would have to work it out."""
    return kwargs.pop(kwarg_name)


def test_the_towers_lengths_come_with_the_forward(policy, encoder, mixed_prompts):
    from revisual.models.inputs import PromptedRows, packed_inputs

    index = torch.arange(len(mixed_prompts))
    ids, mask = torch.full((5, 2), 9), torch.ones(5, 2, dtype=torch.bool)
    inputs = packed_inputs(policy, PromptedRows(mixed_prompts, index, encoder.vision_inputs, 0, ids, mask))
    names = {name for name in inputs.arguments if name.startswith("image_")}
    assert {"image_cu_seqlens", "image_max_seqlen", "image_cu_window_seqlens", "image_max_window_seqlen"} <= names
    without = {k: v for k, v in inputs.arguments.items() if k not in names or k == "image_grid_thw"}
    with torch.no_grad():
        given, found = (policy(**a, use_cache=False).logits for a in (inputs.arguments, without))
    assert torch.equal(given, found)
    with torch.no_grad(), patch("transformers.vision_utils.get_max_seqlen", side_effect=popped) as longest:
        policy(**inputs.arguments, use_cache=False)
    assert longest.called
