"""What models remember of prompts in layers that keep a state in place of keys and values."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn.functional import pad
from transformers import DynamicCache
from transformers.cache_utils import LinearAttentionCacheLayerMixin
from typing_extensions import override

from revisual.rollout.hf.caches import CopiedPromptCache, join_padded


class CopiedStateCache(CopiedPromptCache):
    """Each answer has a copy of its prompt's states, and of its keys and values in the other layers.

    A state is what all tokens so far have left, so prompts that were read in several parts stand side by side as they
    are; keys and values are padded on the left.

    Args:
        parts: of the prompts, made from the model's config; let go of.
        masks: which of their tokens are no padding.
        dtype: of keys and values; states keep their own.
        n: answers to each prompt.
    """

    def __init__(
        self, parts: Sequence[DynamicCache], masks: Sequence[Bool[Tensor, "_ _"]], dtype: torch.dtype, n: int
    ) -> None:
        width = max(mask.shape[1] for mask in masks)
        self.cache = parts[0]
        for layer, *others in zip(*(part.layers for part in parts), strict=True):
            alike = [layer, *others]
            if isinstance(layer, LinearAttentionCacheLayerMixin):
                for held in (layer.conv_states, layer.recurrent_states):
                    name = "conv_states" if held is layer.conv_states else "recurrent_states"
                    for i in held:
                        held[i] = torch.cat([getattr(one, name)[i] for one in alike]).repeat_interleave(n, 0)
            else:
                for name in ("keys", "values"):
                    joined = join_padded([getattr(one, name) for one in alike], width, dtype)
                    setattr(layer, name, joined.repeat_interleave(n, 0))
        mask = torch.cat([pad(mask, (width - mask.shape[1], 0)) for mask in masks])
        self.mask = mask.repeat_interleave(n, 0).long()
        self.advance()

    @override
    def keep(self, prompts: Int[Tensor, " Q"], rows: Int[Tensor, " R"]) -> None:
        self.cache.reorder_cache(rows)  # type: ignore[arg-type]  # which chooses any rows
        self.mask = self.mask[rows]
