"""What a forward multiplies, counted from its inputs: what the use of a card (MFU) is measured by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from revisual.models.attention import PackedRow
from revisual.models.families import find_family
from revisual.models.inputs import ForwardInputs

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


COUNTED = ("layout", "attention_mask", "image_grid_thw", "image_cu_window_seqlens")
"""Of a forward's arguments, those that are looked at."""


@dataclass(frozen=True)
class Work:
    """What a pass does, in operations: two for each product that is added."""

    tokens: int
    """That are read; padding is none."""
    forward: int
    update: int
    """Forward and backward: to inputs where anything before is trained, and to weights that are. What is computed anew
    in between counts nothing (arXiv 2204.02311)."""


def count_work(policy: Any, inputs: ForwardInputs) -> Work:
    """Count the operations of a pass that gives log-probs.

    Matrices of the language model at every token, its head at those that predict, attention over what is seen, and a
    vision tower that works in windows. Padding, norms and embeddings count nothing, nor do other vision towers: where
    there is one, the numbers are bounds from below. Waits for the device.

    Args:
        policy: the model.
        inputs: of the forward; of its arguments, `COUNTED` are enough.
    """
    given, head, text = inputs.arguments, policy.get_output_embeddings(), policy.config.get_text_config()
    layout = given.get("layout")
    tokens, seen = _of_row(layout) if layout is not None else _of_mask(given["attention_mask"])
    channels = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    counted = _Products()
    counted.add_matrices((m for m in policy.base_model.get_decoder().modules() if isinstance(m, nn.Linear)), tokens)
    counted.add_matrices([head], len(inputs.predictors))
    counted.add_attention(text.num_hidden_layers * text.num_attention_heads * channels * seen)
    pictures = _of_pictures(policy, given)
    return Work(tokens, 2 * (counted.forward + pictures.forward), 2 * (counted.update + pictures.update))


class _Products:
    """Products of a part, forward and in all of an update.

    Args:
        is_trained: whether anything of the part, or before it, is: else nothing goes back through it.
    """

    def __init__(self, is_trained: bool = True) -> None:
        self.is_trained = is_trained
        self.forward = self.update = 0

    def add_matrices(self, modules: Iterable[nn.Module], times: int) -> None:
        """Count matrices that are each applied so many times."""
        for module in modules:
            weight: Any = module.weight
            products = getattr(weight, "ds_numel", weight.numel()) * times  # DeepSpeed leaves some empty
            self.forward += products
            self.update += products * (1 + self.is_trained + weight.requires_grad)

    def add_attention(self, products: int) -> None:
        """Count scores and what they weigh, so many products each; each has two gradients."""
        self.forward += 2 * products
        self.update += 2 * products * (1 + 2 * self.is_trained)


def _of_row(row: PackedRow) -> tuple[int, int]:
    """Return the tokens of a packed row, and what they see, added up."""
    own = sum(length * (length + 1) // 2 for length in row.lengths)
    return sum(row.lengths), own + sum(row.prefix_length(s) * s.length for s in row.segments)


def _of_mask(mask: Tensor) -> tuple[int, int]:
    lengths = mask.sum(-1).tolist()
    return sum(lengths), sum(length * (length + 1) // 2 for length in lengths)


def _of_pictures(policy: Any, given: Mapping[str, Any]) -> _Products:
    """Return the products of a tower of windows: its blocks at every patch, what merges them at each merged one."""
    tower = find_family(policy.config).windowed_tower(policy)
    if tower is None or "image_grid_thw" not in given:
        return _Products()
    grids = given["image_grid_thw"].tolist()
    patches = sum(time * height * width for time, height, width in grids)
    counted = _Products(any(parameter.requires_grad for parameter in tower.parameters()))
    for name, module in tower.named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.Conv3d)):
            merged = tower.spatial_merge_size**2 if name.startswith("merger") else 1
            counted.add_matrices([module], patches // merged)
    counted.add_attention(tower.config.hidden_size * _pairs(tower, given, grids))
    return counted


def _pairs(tower: Any, given: Mapping[str, Any], grids: list[list[int]]) -> int:
    """Return how many patches see how many, added up over the tower's layers."""
    whole = sum(time * (height * width) ** 2 for time, height, width in grids)
    if "image_cu_window_seqlens" not in given:
        return len(tower.blocks) * whole
    within = sum(length**2 for length in given["image_cu_window_seqlens"].diff().tolist())
    full = len(tower.config.fullatt_block_indexes)
    return full * whole + (len(tower.blocks) - full) * within
