"""Attention within the windows of pictures: all windows of a layer at once."""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import vision_utils
from transformers.utils import generic
from typing_extensions import override

from revisual.models.attention.choice import Attention, choose_kernel
from revisual.models.attention.layout import AttentionInputs, PackedRow, Segment


class Windows(PackedRow):
    """Windows as a vision tower describes them: where they end, on the device, and how long the longest is.

    Their lengths come to the host only for a kernel that asks for them, as one that computes all at once does not.
    """

    def __init__(self, ends: Int[Tensor, " W"], longest: int | None) -> None:
        super().__init__((), causal=False)
        self._ends, self._longest = ends, longest

    @cached_property
    @override
    def lengths(self) -> list[int]:
        return self._ends.diff().tolist()

    @property
    @override
    def segments(self) -> tuple[Segment, ...]:
        return tuple(map(Segment, self.lengths))

    @property
    @override
    def longest(self) -> int:
        return max(self.lengths) if self._longest is None else self._longest

    @property
    @override
    def longest_key(self) -> int:
        return self.longest

    @property
    @override
    def is_shared(self) -> bool:
        return False

    @override
    def on(self, device: torch.device, name: str) -> Int[Tensor, " _"]:
        return self._ends.to(device=device, dtype=torch.int32)


def attend_windows(
    module: Any,
    query: Float[Tensor, "1 H L D"],
    key: Float[Tensor, "1 H L D"],
    value: Float[Tensor, "1 H L D"],
    attention_mask: Any,
    scaling: float | None = None,
    dropout: float = 0.0,
    cu_seq_lens_q: Int[Tensor, " W"] | None = None,
    max_length_q: int | None = None,
    attention: Attention = "auto",
    **options: Any,
) -> tuple[Float[Tensor, "1 L H D"], None]:
    """Compute what each patch sees: all of its window, or of its picture."""
    assert cu_seq_lens_q is not None, "a vision tower tells an attention for sequences where they end"
    windows = Windows(cu_seq_lens_q, max_length_q)
    inputs = AttentionInputs(query, key, value, scaling, dropout)
    return windows.attend(0, inputs, partial(choose_kernel, attention)).transpose(1, 2), None


def window_arguments(visual: Any, device: torch.device, grids: Int[Tensor, "P 3"] | None) -> Mapping[str, Any]:
    """Return what the vision tower would else work out of the pictures' sizes on the device, at each forward.

    Each of its loops over pictures and its maxima waits for the device. Without pictures, or where this version of
    transformers or the model takes no such arguments, there are none.

    Args:
        visual: the vision tower; None: there is none of that kind.
        device: of the policy.
        grids: patches of each picture in time, height and width.
    """
    windowed = all(hasattr(visual, name) for name in ("window_size", "patch_size", "spatial_merge_size"))
    if grids is None or not windowed or not hasattr(generic, "accepts_precomputed_kwargs"):
        return {}
    grids = grids.cpu()
    whole = vision_utils.get_vision_cu_seqlens(grids)
    index, ends = vision_utils.get_vision_window_index(
        grids, visual.spatial_merge_size, visual.window_size, visual.patch_size
    )
    return {
        "image_cu_seqlens": whole.to(device),
        "image_max_seqlen": int(whole.diff().max()),
        "image_window_index": index.to(device),
        "image_cu_window_seqlens": ends.to(device),
        "image_max_window_seqlen": int(ends.diff().max()),
        "image_position_ids": vision_utils.get_vision_position_ids(grids, visual.spatial_merge_size).to(device),
    }
