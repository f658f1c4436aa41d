"""Attention in windows."""

from unittest.mock import patch

import torch
from torch.testing import assert_close

from revisual.models.attention.kernels import VarlenKernel
from revisual.models.policy import PretrainedPolicy


def sequences(query, key, value, ends, key_ends, scale, causal, aligned_to_the_end=True):
    """Each sequence by itself; grouped heads by index."""
    rows = []
    for s in range(len(ends) - 1):
        q = query[ends[s] : ends[s + 1]]
        k, v = (x[key_ends[s] : key_ends[s + 1]] for x in (key, value))
        shift = len(k) - len(q) if aligned_to_the_end else 0
        allowed = torch.ones(len(q), len(k), dtype=torch.bool)
        allowed = allowed.tril(shift) if causal else allowed
        heads = []
        for h in range(q.shape[1]):
            own = h // (q.shape[1] // k.shape[1])
            scores = (q[:, h] @ k[:, own].T * scale).masked_fill(~allowed, -torch.inf)
            heads.append(scores.softmax(-1).nan_to_num() @ v[:, own])
        rows.append(torch.stack(heads, 1))
    return torch.cat(rows)


def like_torch_2_13(
    query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, *, scale=None, window_size=(-1, -1), enable_gqa=False
):
    assert enable_gqa or query.shape[1] == key.shape[1]
    assert cu_seq_q.dtype == cu_seq_k.dtype == torch.int32
    assert (max_q, max_k) == (int(cu_seq_q.diff().max()), int(cu_seq_k.diff().max()))
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return sequences(query, key, value, cu_seq_q, cu_seq_k, scale, window_size == (-1, 0))


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

    varlen.__signature__ = __import__("inspect").signature(like_torch_2_13)
    kernel = VarlenKernel(varlen, "counted")
    with patch("revisual.models.attention.windows.choose_kernel", lambda *_, **__: kernel):
        assert_close(features(ours, encoder, mixed_prompts), expected, atol=1e-5, rtol=1e-4)
    assert len(calls) == len(ours.model.visual.blocks) and any(len(ends) > 4 for ends in calls)


def popped(ends, config, kwargs, kwarg_name="max_seqlen"):
    """A KeyError where transformers would have to work it out."""
    return kwargs.pop(kwarg_name)


def test_the_towers_lengths_come_with_the_forward(policy, encoder, mixed_prompts):
    from revisual.models.inputs import packed_inputs

    index = torch.arange(len(mixed_prompts))
    ids, mask = torch.full((5, 2), 9), torch.ones(5, 2, dtype=torch.bool)
    inputs = packed_inputs(policy, mixed_prompts, index, encoder.vision_inputs, 0, ids, mask)
    names = {name for name in inputs.arguments if name.startswith("image_")}
    assert {"image_cu_seqlens", "image_max_seqlen", "image_cu_window_seqlens", "image_max_window_seqlen"} <= names
    without = {k: v for k, v in inputs.arguments.items() if k not in names or k == "image_grid_thw"}
    with torch.no_grad():
        given, found = (policy(**a, use_cache=False).logits for a in (inputs.arguments, without))
    assert torch.equal(given, found)
    with torch.no_grad(), patch("transformers.vision_utils.get_max_seqlen", side_effect=popped) as longest:
        policy(**inputs.arguments, use_cache=False)
    assert longest.called
