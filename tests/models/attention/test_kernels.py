"""Kernels for packed rows."""

import pytest
import torch
from torch.testing import assert_close

from models.test_attention import SEGMENTS, by_mask, tensors, visible
from revisual.models.attention import PackedRow
from revisual.models.attention.choice import Kind, candidates, fault_of, first_that_works
from revisual.models.attention.kernels import FusedSDPA, VarlenKernel

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
