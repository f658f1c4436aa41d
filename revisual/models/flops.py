"""What a forward multiplies, counted from its inputs: what the use of a card (MFU) is measured by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from revisual.models.attention import PackedRow
from revisual.models.families import find_family
from revisual.models.inputs import ForwardInputs

PASSES = 3
"""Forward, and backward to inputs and to weights: what is computed anew in between is no use (arXiv 2204.02311)."""

PEAKS = {"H200": 989.4e12, "H100 PCIe": 756e12, "H100": 989.4e12, "A100": 312e12, "L40S": 362e12, "4090": 165.2e12}
"""Operations per second in dense bfloat16, by a part of the card's name, the longer names first.

From NVIDIA's data sheets of the H200, H100 (SXM and PCIe), A100 and L40S, half of what they say with sparsity; of the
RTX 4090, that with float32 sums, from the white paper of the Ada architecture.
"""


def card_peak(card: str) -> float | None:
    """Return the operations per second that a card's maker states for dense bfloat16; None: it is not known.

    Example: `card_peak("NVIDIA H100 80GB HBM3") == 989.4e12`
    """
    return next((peak for name, peak in PEAKS.items() if name in card), None)


@dataclass(frozen=True)
class ForwardWork:
    """What a forward does."""

    tokens: int
    """That are read; padding is none."""
    flops: int


def forward_work(policy: Any, inputs: ForwardInputs) -> ForwardWork:
    """Count the operations of a forward that gives log-probs: two for each product that is added.

    Matrices of the language model at every token, its head at those that predict, attention over what is seen, and a
    vision tower that works in windows. Padding, norms and embeddings count nothing, nor do other vision towers: where
    there is one, the number is a bound from below.

    Args:
        policy: the model.
        inputs: of the forward.
    """
    given, decoder, head = inputs.arguments, policy.base_model.get_decoder(), policy.get_output_embeddings()
    layout = given.get("layout")
    tokens, seen = _of_row(layout) if layout is not None else _of_mask(given["attention_mask"])
    text = policy.config.get_text_config()
    channels = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    attended = text.num_hidden_layers * text.num_attention_heads * channels * seen
    matrices = _weights(m for m in decoder.modules() if isinstance(m, nn.Linear))
    products = matrices * tokens + head.weight.numel() * len(inputs.predictors) + 2 * attended
    return ForwardWork(tokens, 2 * (products + _of_pictures(policy, given)))


def _of_row(row: PackedRow) -> tuple[int, int]:
    """Return the tokens of a packed row, and what they see, added up."""
    own = sum(length * (length + 1) // 2 for length in row.lengths)
    return sum(row.lengths), own + sum(row.prefix_length(s) * s.length for s in row.segments)


def _of_mask(mask: Tensor) -> tuple[int, int]:
    lengths = mask.sum(-1).tolist()
    return sum(lengths), sum(length * (length + 1) // 2 for length in lengths)


def _of_pictures(policy: Any, given: Mapping[str, Any]) -> int:
    """Return the products of a tower of windows: its blocks at every patch, what merges them at each merged one."""
    tower = find_family(policy.config).windowed_tower(policy)
    if tower is None or "image_grid_thw" not in given:
        return 0
    grids = given["image_grid_thw"].tolist()
    patches = sum(time * height * width for time, height, width in grids)
    linears = [(n, m) for n, m in tower.named_modules() if isinstance(m, (nn.Linear, nn.Conv2d, nn.Conv3d))]
    merging = _weights(module for name, module in linears if name.startswith("merger"))
    products = (_weights(module for _, module in linears) - merging) * patches
    products += merging * patches // tower.spatial_merge_size**2
    return products + 2 * tower.config.hidden_size * _pairs(tower, given, grids)


def _pairs(tower: Any, given: Mapping[str, Any], grids: list[list[int]]) -> int:
    """Return how many patches see how many, added up over the tower's layers."""
    whole = sum(time * (height * width) ** 2 for time, height, width in grids)
    if "image_cu_window_seqlens" not in given:
        return len(tower.blocks) * whole
    within = sum(length**2 for length in given["image_cu_window_seqlens"].diff().tolist())
    full = len(tower.config.fullatt_block_indexes)
    return full * whole + (len(tower.blocks) - full) * within


def _weights(modules: Iterable[nn.Module]) -> int:
    weights: list[Any] = [module.weight for module in modules]
    return sum(getattr(weight, "ds_numel", weight.numel()) for weight in weights)  # DeepSpeed leaves some empty
