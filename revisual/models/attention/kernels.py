"""The kernels: torch's scaled-dot-product attention per segment, and the varlen kernels of torch and flash-attn."""

import inspect
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from typing_extensions import override

from revisual.models.attention.layout import AttentionInputs, Kernel, PackedRow

FUSED = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.CUDNN_ATTENTION]
"""Those that never hold a whole matrix of scores; on a GPU the others are not to be taken in silence."""


class GroupedSDPA(Kernel):
    """A call of torch's attention per segment, whose grouped heads torch itself spreads: for CPUs."""

    name = "torch's scaled-dot-product attention"

    @override
    def __call__(self, inputs: AttentionInputs, row: PackedRow) -> Float[Tensor, "1 H L D"]:
        return _by_segment(inputs, row, enable_gqa=True)


class FusedSDPA(Kernel):
    """A call per segment that stays with fused kernels on a GPU: key heads are repeated, and a mask is added.

    With a mask, FlashAttention is out, and the memory-efficient kernel takes no grouped heads: torch would then compute
    whole matrices of scores in float32.
    """

    name = "torch's memory-efficient attention, one call per segment"

    @override
    def __call__(self, inputs: AttentionInputs, row: PackedRow) -> Float[Tensor, "1 H L D"]:
        repeats = inputs.query.shape[1] // inputs.key.shape[1]
        if repeats > 1:
            key, value = (x.repeat_interleave(repeats, 1) for x in (inputs.key, inputs.value))
            inputs = replace(inputs, key=key, value=value)
        with sdpa_kernel(FUSED) if inputs.query.is_cuda else nullcontext():
            return _by_segment(inputs, row)


class VarlenKernel(Kernel):
    """One call for all segments, by a kernel for queries fewer than keys that aligns both at their ends.

    Args:
        function: torch's `varlen_attn` or a `flash_attn_varlen_func` of any version; what it is told by which name is
            found by its signature.
        name: for the log.
        grouped: whether it gets fewer key heads than query heads; else key heads are repeated.
    """

    def __init__(self, function: Callable[..., Any], name: str, *, grouped: bool = True) -> None:
        self.function, self.grouped = function, grouped
        self.name = name if grouped else f"{name} with repeated key heads"
        self._known = frozenset(inspect.signature(function).parameters)

    @override
    def refuses(self, dropout: bool) -> str | None:
        return "it has no dropout" if dropout and "dropout_p" not in self._known else None

    @override
    def __call__(self, inputs: AttentionInputs, row: PackedRow) -> Float[Tensor, "1 H L D"]:
        q, k, v = (x[0].transpose(0, 1) for x in (inputs.query, inputs.key, inputs.value))
        repeats = q.shape[1] // k.shape[1]
        if repeats > 1 and not self.grouped:
            k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        if row.is_shared:
            # index_select: the backward pass of indexing would sort the positions.
            seen = row.on(q.device, "seen")
            k, v = k.index_select(0, seen), v.index_select(0, seen)
        told = self._arguments(inputs, row)
        attended = self.function(q, k, v, **{name: value for name, value in told.items() if name in self._known})
        attended = attended[0] if isinstance(attended, tuple) else attended  # some give the scores' log-sums, too
        return attended.transpose(0, 1)[None]

    def _arguments(self, inputs: AttentionInputs, row: PackedRow) -> dict[str, Any]:
        """Return what is said under the names of torch's function, and under those of flash-attn's."""
        ends, key_ends = (row.on(inputs.query.device, name) for name in ("query_ends", "key_ends"))
        return {
            "cu_seq_q": ends,
            "cu_seq_k": key_ends,
            "max_q": row.longest,
            "max_k": row.longest_key,
            "scale": inputs.scaling,
            "is_causal": row.causal,
            "window_size": (-1, 0) if row.causal else (-1, -1),  # aligned to the last key, as flash-attn's causal is
            "enable_gqa": self.grouped and inputs.query.shape[1] != inputs.key.shape[1],
        } | {
            "cu_seqlens_q": ends,
            "cu_seqlens_k": key_ends,
            "max_seqlen_q": row.longest,
            "max_seqlen_k": row.longest_key,
            "softmax_scale": inputs.scaling,
            "causal": row.causal,
            "dropout_p": inputs.dropout,
        }


def _by_segment(inputs: AttentionInputs, row: PackedRow, **options: Any) -> Float[Tensor, "1 H L D"]:
    options |= {"dropout_p": inputs.dropout, "scale": inputs.scaling}
    # Split at once: the backward pass of a slice would fill a gradient of the whole row for each segment.
    queries, keys, values = (x.split(row.lengths, 2) for x in (inputs.query, inputs.key, inputs.value))
    attended = []
    for segment, q, k, v in zip(row.segments, queries, keys, values, strict=True):
        if segment.prefix is None:
            attended.append(scaled_dot_product_attention(q, k, v, is_causal=row.causal, **options))
        else:
            k, v = (torch.cat([x[segment.prefix], own], 2) for x, own in ((keys, k), (values, v)))
            mask = row.mask(row.prefix_length(segment), q.dtype, q.device)[: q.shape[2], : k.shape[2]]
            attended.append(scaled_dot_product_attention(q, k, v, attn_mask=mask, **options))
    return torch.cat(attended, 2)
