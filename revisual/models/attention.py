"""Attention over rows that share a prompt, behind transformers' own interface."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

SHARED_PROMPTS = "revisual_shared_prompts"
"""The name that transformers knows this attention by."""

NO_MASK = {"full_attention": None, "sliding_attention": None}
"""For a forward with a layout: transformers would else make a mask [L, L], which nothing reads."""


class Layout(ABC):
    """What the queries of a forward see; handed to a forward as `layout`."""

    @abstractmethod
    def attend(
        self,
        layer: int,
        query: Float[Tensor, "B H L D"],
        key: Float[Tensor, "B K S D"],
        value: Float[Tensor, "B K S D"],
        scaling: float | None,
        dropout: float,
    ) -> Float[Tensor, "B H L D"]:
        """The attention's output at a layer; H query heads share K key heads."""


def shared_prompt_attention(
    module: Any,
    query: Float[Tensor, "B H L D"],
    key: Float[Tensor, "B K S D"],
    value: Float[Tensor, "B K S D"],
    attention_mask: Any,
    layout: Layout | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **options: Any,
) -> tuple[Float[Tensor, "B L H D"], None]:
    """What the layout says; without one, transformers' scaled-dot-product attention."""
    if layout is None:
        options |= {"scaling": scaling, "dropout": dropout}
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    return layout.attend(module.layer_idx, query, key, value, scaling, dropout).transpose(1, 2), None


AttentionInterface.register(SHARED_PROMPTS, shared_prompt_attention)
AttentionMaskInterface.register(SHARED_PROMPTS, sdpa_mask)


def shares_prompts(policy: nn.Module) -> bool:
    """Whether the policy's language model takes a `layout`."""
    config: Any = policy.config
    return config.get_text_config()._attn_implementation == SHARED_PROMPTS


@dataclass(frozen=True)
class Segment:
    """Tokens of a packed row, each of which sees the prefix, the segment's earlier tokens, and itself.

    Example: `[Segment(3), Segment(2, prefix=0)]` is a prompt of 3 tokens, and a completion of 2 behind it.
    """

    length: int
    prefix: int | None = None
    """The number of the earlier segment that is seen first; none: the segment starts a sequence."""


@dataclass(frozen=True)
class PackedRow(Layout):
    """One row of segments, in order and without gaps.

    A prompt's keys and values are computed once and read by each of its completions: autograd adds up what they say.

    Args:
        flash: by FlashAttention's kernel for queries fewer than keys, all segments at once; else one
            scaled-dot-product attention per segment.
    """

    segments: Sequence[Segment]
    flash: bool = False

    def attend(
        self,
        layer: int,
        query: Float[Tensor, "1 H L D"],
        key: Float[Tensor, "1 K L D"],
        value: Float[Tensor, "1 K L D"],
        scaling: float | None,
        dropout: float,
    ) -> Float[Tensor, "1 H L D"]:
        """The same at every layer."""
        query, key = query.to(value.dtype), key.to(value.dtype)  # under autocast, rotary embeddings leave float32
        if self.flash:
            return self._flash(query, key, value, scaling, dropout)
        options: dict[str, Any] = {"dropout_p": dropout, "scale": scaling, "enable_gqa": True}
        # Split at once: the backward pass of a slice would fill a gradient of the whole row for each segment.
        lengths = [segment.length for segment in self.segments]
        queries, keys, values = (x.split(lengths, 2) for x in (query, key, value))
        attended = []
        for segment, q, k, v in zip(self.segments, queries, keys, values, strict=True):
            if segment.prefix is None:
                attended.append(scaled_dot_product_attention(q, k, v, is_causal=True, **options))
            else:
                k, v = (torch.cat([x[segment.prefix], own], 2) for x, own in ((keys, k), (values, v)))
                mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril(
                    k.shape[2] - q.shape[2]
                )
                attended.append(scaled_dot_product_attention(q, k, v, attn_mask=mask, **options))
        return torch.cat(attended, 2)

    def _flash(
        self,
        query: Float[Tensor, "1 H L D"],
        key: Float[Tensor, "1 K L D"],
        value: Float[Tensor, "1 K L D"],
        scaling: float | None,
        dropout: float,
    ) -> Float[Tensor, "1 H L D"]:
        flash_attn_varlen_func: Any = import_module("flash_attn").flash_attn_varlen_func
        seen = self.seen.to(query.device)
        attended = flash_attn_varlen_func(
            query[0].transpose(0, 1),
            key[0].transpose(0, 1)[seen],
            value[0].transpose(0, 1)[seen],
            cu_seqlens_q=self.query_ends.to(query.device),
            cu_seqlens_k=self.key_ends.to(query.device),
            max_seqlen_q=int(self.query_ends.diff().max()),
            max_seqlen_k=int(self.key_ends.diff().max()),
            softmax_scale=scaling,
            dropout_p=dropout,
            causal=True,  # aligned to the last key, as a completion behind its prompt needs it
        )
        return attended.transpose(0, 1)[None]

    @cached_property
    def seen(self) -> Int[Tensor, " K"]:
        """For each segment in turn, the positions of the row that its queries may see: its prefix's and its own."""
        positions = torch.arange(int(self.query_ends[-1])).split([segment.length for segment in self.segments])
        return torch.cat(
            [positions[i] for s, own in enumerate(self.segments) for i in (own.prefix, s) if i is not None]
        )

    @cached_property
    def query_ends(self) -> Int[Tensor, " E"]:
        """0, then the running sum of the segments' lengths."""
        return _running_sum([segment.length for segment in self.segments])

    @cached_property
    def key_ends(self) -> Int[Tensor, " E"]:
        """0, then the running sum of what the segments see."""
        prefixes = [0 if s.prefix is None else self.segments[s.prefix].length for s in self.segments]
        return _running_sum([prefix + s.length for prefix, s in zip(prefixes, self.segments, strict=True)])


def _running_sum(lengths: Sequence[int]) -> Int[Tensor, " E"]:
    return pad(torch.tensor(lengths).cumsum(0), (1, 0)).int()
