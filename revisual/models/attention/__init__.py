"""Attention over rows that share a prompt, and over the windows of pictures, by the best kernel that works here."""

from revisual.models.attention.choice import Attention, candidates, choose_kernel
from revisual.models.attention.interface import (
    NO_MASK,
    packed_attention_names,
    shares_prompts,
    use_window_attention,
)
from revisual.models.attention.layout import AttentionInputs, Kernel, KernelChoice, Layout, PackedRow, Segment
from revisual.models.attention.windows import window_arguments

__all__ = [
    "NO_MASK",
    "Attention",
    "AttentionInputs",
    "Kernel",
    "KernelChoice",
    "Layout",
    "PackedRow",
    "Segment",
    "candidates",
    "choose_kernel",
    "packed_attention_names",
    "shares_prompts",
    "use_window_attention",
    "window_arguments",
]
