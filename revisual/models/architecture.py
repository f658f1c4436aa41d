"""Sizes of tiny policies."""

from dataclasses import dataclass

from revisual.core.errors import UserValueError
from revisual.core.ranges import Count, Fraction, PositiveInt, check_order, check_ranges


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

    hidden: Count = 128
    layers: Count = 4
    heads: Count = 4
    key_value_heads: Count = 2
    intermediate: Count = 256
    vision_hidden: Count = 128
    vision_depth: Count = 2
    vision_heads: Count = 4
    vocabulary: PositiveInt = 512
    max_pixels: PositiveInt = 112 * 112
    min_pixels: PositiveInt = 28 * 28
    tied: bool = True
    initializer_range: Fraction = 0.05

    def __post_init__(self) -> None:
        check_ranges(self)
        check_order(self, "min_pixels", "max_pixels")
        if self.hidden // self.heads < 32:
            raise UserValueError(
                f"TinyArchitecture: hidden / heads is {self.hidden // self.heads}: a head needs at least 32 channels"
            )
