"""GPU kernels' call contract on a CPU: functions with their signatures, against one softmax over an explicit mask."""

import logging
from unittest.mock import patch

import pytest
import torch
from torch.testing import assert_close

from models.test_attention import SEGMENTS, by_mask, tensors, visible
from revisual.core.errors import UserError
from revisual.models.attention import PackedRow, Segment, choice
from revisual.models.attention.choice import Kind, candidates, fault_of, first_that_works, kernel_for
from revisual.models.attention.kernels import FusedSDPA, VarlenKernel
from revisual.models.policy import PretrainedPolicy

CPU = torch.device("cpu")


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


def like_torch_2_11(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, *, scale=None, window_size=(-1, -1)):
    assert query.shape[1] == key.shape[1], "it computes nothing for grouped heads"
    return like_torch_2_13(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, scale=scale, window_size=window_size)


def like_flash_attn_2(
    q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, dropout_p=0.0, softmax_scale=None, causal=False
):
    scale = q.shape[-1] ** -0.5 if softmax_scale is None else softmax_scale
    return sequences(q, k, v, cu_seqlens_q, cu_seqlens_k, scale, causal)


def like_flash_attn_4(q, k, v, cu_seqlens_q=None, cu_seqlens_k=None, softmax_scale=None, causal=False):
    out = like_flash_attn_2(q, k, v, cu_seqlens_q, cu_seqlens_k, 0, 0, 0.0, softmax_scale, causal)
    return out, torch.zeros(1)


def aligned_to_the_first_key(
    q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, softmax_scale=None, causal=False
):
    return sequences(q, k, v, cu_seqlens_q, cu_seqlens_k, q.shape[-1] ** -0.5, causal, aligned_to_the_end=False)


KERNELS = {
    "torch 2.13": VarlenKernel(like_torch_2_13, "a"),
    "torch 2.11": VarlenKernel(like_torch_2_11, "b", grouped=False),
    "flash-attn 2": VarlenKernel(like_flash_attn_2, "c"),
    "flash-attn 4": VarlenKernel(like_flash_attn_4, "d"),
    "memory-efficient": FusedSDPA(),
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("scaling", [0.3, None])
def test_every_kernel_sees_the_prompt_and_itself(name, scaling):
    query, key, value = tensors(18)
    ours = KERNELS[name](query, key, value, PackedRow(SEGMENTS), scaling, 0.0)
    plain = by_mask(query, key, value, visible(), scaling or query.shape[-1] ** -0.5)
    assert_close(ours, plain)
    direction = torch.randn(ours.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for a, b in zip(
        torch.autograd.grad(ours, [query, key, value], direction),
        torch.autograd.grad(plain, [query, key, value], direction),
        strict=True,
    ):
        assert_close(a, b)


def kind(dtype=torch.float32, heads=4, key_heads=2, dropout=False, causal=True):
    return Kind(CPU, dtype, heads, key_heads, 16, dropout, causal)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_works_is_taken(name, causal, dtype):
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):  # where a validation may try them
        assert fault_of(KERNELS[name], kind(dtype, causal=causal)) is None


def test_what_does_not_work_is_not_taken(caplog):
    caplog.set_level(logging.INFO)
    wrong = [
        VarlenKernel(aligned_to_the_first_key, "wrong"),
        VarlenKernel(like_torch_2_11, "ungrouped"),
        VarlenKernel(like_torch_2_11, "ungrouped", grouped=False),
        FusedSDPA(),
    ]
    assert "off by" in fault_of(wrong[0], kind()) and "grouped heads" in fault_of(wrong[1], kind())
    assert first_that_works(wrong, "auto", kind()) is wrong[2]
    said = [record.getMessage() for record in caplog.records]
    assert said == ["attention: ungrouped with repeated key heads for 4 heads over 2 of 16 in float32 on cpu"]
    with pytest.raises(UserError) as error:
        first_that_works(wrong[:2], "torch", kind())
    assert "\n" not in str(error.value) and "'torch' names" in str(error.value)
    for kernel in wrong[:2]:
        assert f"{kernel.name}: " in str(error.value)


def test_dropout_is_only_for_kernels_that_have_it():
    kernels = [VarlenKernel(like_torch_2_13, "without"), VarlenKernel(like_flash_attn_2, "with")]
    assert first_that_works(kernels, "auto", kind(dropout=True)).name == "with"
    assert first_that_works(kernels, "auto", kind(dropout=False)).name == "without"


def test_torchs_own_varlen_attention_is_a_candidate():
    names = [kernel.name for kernel in candidates("torch")]
    assert names == ["torch's varlen attention", "torch's varlen attention with repeated key heads"]
    assert [kernel.name for kernel in candidates("auto")][-1] == FusedSDPA.name
    known = next(candidates("torch"))._known
    assert {"cu_seq_q", "cu_seq_k", "max_q", "max_k", "window_size", "scale"} <= known
    # It has no kernel for a CPU, which the trial finds.
    assert "_flash_attention_forward" in fault_of(next(candidates("torch")), kind(torch.bfloat16))


def test_asking_for_a_gpus_kernel_on_a_cpu_is_one_line():
    with pytest.raises(UserError, match="attention: torch needs a GPU, and the policy is on cpu"):
        kernel_for("torch", kind())


def test_masks_and_lengths_are_made_once_for_all_layers():
    row = PackedRow([Segment(5), Segment(3, 0), Segment(7, 0), Segment(4), Segment(2, 3), Segment(6)])
    query, key, value = (x.float() for x in tensors(27))
    with patch("revisual.models.attention.layout.torch.ones", wraps=torch.ones) as made:
        for _ in range(3):
            FusedSDPA()(query, key, value, row, None, 0.0)
    assert made.call_count == 2  # behind 5 tokens, and behind 4
    first = [row.on(CPU, name) for name in ("query_ends", "key_ends", "seen")]
    assert all(a is row.on(CPU, name) for a, name in zip(first, ("query_ends", "key_ends", "seen"), strict=True))
    mask = row.mask(5, torch.float32, CPU)
    assert mask.stride(0) % 8 == 0
    expected = [[0.0 if j <= 5 + i else -torch.inf for j in range(12)] for i in range(7)]
    assert mask[:, :12].tolist() == expected


def test_a_row_without_shared_prompts_copies_no_keys():
    row = PackedRow([Segment(4), Segment(3)])
    query, key, value = tensors(7)
    with patch("torch.Tensor.index_select") as copied:
        VarlenKernel(like_torch_2_13, "a")(query, key, value, row, None, 0.0)
    copied.assert_not_called()


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


def test_another_model_can_be_built_from_a_policys_config(policy):
    again = type(policy)(policy.config)
    assert again.model.visual.config._attn_implementation == "sdpa"
    assert "flash" in policy.model.visual.blocks[0].attn.config._attn_implementation


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


def test_a_run_trains_with_the_kernel_that_is_chosen(policy, encoder, mixed_prompts):
    """Log-probs and gradients of a whole policy by a varlen kernel are those by the CPU's."""
    from revisual.models.inputs import packed_inputs
    from revisual.models.logprobs import token_logprobs

    index = torch.tensor([0, 0, 1, 2, 2, 2, 3])
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(100, 200, (7, 5), generator=generator)
    mask = torch.arange(5) < torch.tensor([5, 2, 4, 1, 5, 3, 2])[:, None]
    kernel = VarlenKernel(like_torch_2_13, "a")
    results = []
    for choose in (choice.choose_kernel, lambda *_, **__: kernel):
        with patch("revisual.models.attention.interface.choose_kernel", choose):
            inputs = packed_inputs(policy, mixed_prompts, index, encoder.vision_inputs, 0, ids, mask)
            logprobs = token_logprobs(policy, inputs, ids, mask).logprobs
        policy.zero_grad()
        logprobs.sum().backward()
        results.append((logprobs.detach(), {n: p.grad.clone() for n, p in policy.named_parameters()}))
    assert_close(results[1][0], results[0][0], atol=1e-5, rtol=1e-4)
    for name, gradient in results[0][1].items():
        assert_close(results[1][1][name], gradient, atol=1e-4, rtol=1e-3, msg=name)
