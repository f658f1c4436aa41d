"""Sizes of tiny policies."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TinyArchitecture:
    """Sizes of a tiny policy. A head has at least 32 channels: vLLM's CPU kernels refuse fewer."""

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
