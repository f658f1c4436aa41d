"""The names that transformers knows our attention by."""

from copy import copy
from functools import partial
from typing import Any, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from revisual.models.attention.choice import Attention, choose_kernel
from revisual.models.attention.layout import AttentionInputs, Layout
from revisual.models.attention.windows import attend_windows

SHARED_PROMPTS = "revisual_shared_prompts"
WINDOWS = "revisual_flash_windows"
"""Vision towers hand over all windows at once only to an attention whose name contains "flash"."""

NO_MASK = torch.ones(1, 1, 1, 1, dtype=torch.bool)
"""For a forward with a layout: transformers would else make a mask [L, L], which nothing reads.

Every model takes a mask of four dimensions for a ready one; nothing reads this one either.
"""


def packed_attention_names(attention: Attention) -> dict[str, str]:
    """Return what a model that takes layouts is built with, part by part."""
    return {"": "sdpa", "vision_config": "sdpa", "text_config": f"{SHARED_PROMPTS}_{attention}"}


def use_window_attention(visual: Any, attention: Attention) -> None:
    """Let a vision tower compute all windows of a layer by one kernel.

    Not by name when the model is built: transformers would look for a package of that name. So the tower gets a config
    of its own to say so, and another model can be built from the policy's.
    """
    shared, own = visual.config, copy(visual.config)
    own._attn_implementation = f"{WINDOWS}_{attention}"
    for module in visual.modules():
        if getattr(module, "config", None) is shared:
            module.config = own


def shares_prompts(policy: nn.Module) -> bool:
    """Return whether the policy's language model takes a `layout`."""
    config: Any = policy.config
    return str(config.get_text_config()._attn_implementation).startswith(SHARED_PROMPTS)


def attend_shared_prompts(
    module: Any,
    query: Float[Tensor, "B H L D"],
    key: Float[Tensor, "B K S D"],
    value: Float[Tensor, "B K S D"],
    attention_mask: Any,
    layout: Layout | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    attention: Attention = "auto",
    **options: Any,
) -> tuple[Float[Tensor, "B L H D"], None]:
    """Compute what the layout says; without one, transformers' scaled-dot-product attention."""
    if layout is None:
        options |= {"scaling": scaling, "dropout": dropout}
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    inputs = AttentionInputs(query, key, value, scaling, dropout)
    return layout.attend(module.layer_idx, inputs, partial(choose_kernel, attention)).transpose(1, 2), None


for _attention in get_args(Attention):
    AttentionInterface.register(f"{SHARED_PROMPTS}_{_attention}", partial(attend_shared_prompts, attention=_attention))
    AttentionMaskInterface.register(f"{SHARED_PROMPTS}_{_attention}", sdpa_mask)
    AttentionInterface.register(f"{WINDOWS}_{_attention}", partial(attend_windows, attention=_attention))
