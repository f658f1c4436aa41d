"""Kernels with the signatures of torch's and flash-attn's, computed one sequence and one head at a time."""

import torch

from revisual.models.attention.choice import Kind
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


def kind(dtype=torch.float32, heads=4, key_heads=2, dropout=False, causal=True):
    return Kind(CPU, dtype, heads, key_heads, 16, dropout, causal)
