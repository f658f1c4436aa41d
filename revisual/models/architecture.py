"""Sizes of tiny policies."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TinyArchitecture:
    """Sizes of a tiny policy. A head has at least 32 channels: vLLM's CPU kernels refuse fewer.

    Args:
        hidden: channels of the language model.
        layers: of the language model.
        heads: of its attention's queries.
        key_value_heads: of its keys and values.
        intermediate: channels within its feed-forward layers.
        vision_hidden: channels of the vision tower.
        vision_depth: layers of the vision tower.
        vision_heads: heads of the vision tower.
        vocabulary: most tokens of the tokenizer that is trained.
        max_pixels: a larger picture is made smaller.
        min_pixels: a smaller picture is made larger.
        tied: whether the head shares the embedding's weights.
        initializer_range: standard deviation of the first weights.
    """

    hidden: int = 128
    layers: int = 4
    heads: int = 4
    key_value_heads: int = 2
    intermediate: int = 256
    vision_hidden: int = 128
    vision_depth: int = 2
    vision_heads: int = 4
    vocabulary: int = 512
    max_pixels: int = 112 * 112
    min_pixels: int = 28 * 28
    tied: bool = True
    initializer_range: float = 0.05

    def __post_init__(self) -> None:
        if self.hidden // self.heads < 32:
            raise ValueError(f"hidden / heads is {self.hidden // self.heads}: a head needs at least 32 channels")
