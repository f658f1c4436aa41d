"""How a policy takes pictures: their sizes, their number of tokens, and what its forward reads of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image
from torch import Tensor
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.data.picture_sizes import settle_size

BLANK_SIDE = 56
"""Of the picture that is computed where no row has one, in pixels."""


class PictureCoding(ABC):
    """What a prompt's encoder must know of the pictures of a family of models."""

    words: Sequence[str] = ()
    """Tokens that stand for pictures, besides the processor's own: no text of a sample may spell them out."""

    @abstractmethod
    def fit_size(self, processor: Any, size: tuple[int, int]) -> tuple[int, int]:
        """Return the width and height that a picture is resized to before the processor gets it.

        Raises:
            ValueError: no size would do.
        """

    @abstractmethod
    def count_tokens(self, processor: Any, sizes: Sequence[tuple[int, int]]) -> Sequence[int] | None:
        """Return how many tokens each picture of a resized width and height becomes.

        None where only the processor itself can say, which then encodes text and pictures together.
        """

    @abstractmethod
    def process(self, processor: Any, pictures: Sequence[Image]) -> Mapping[str, Tensor]:
        """Return the arguments of the policy's forward that stand for resized pictures."""

    @abstractmethod
    def limit_pixels(self, processor: Any, least: int | None, most: int | None) -> None:
        """Set the bounds of a picture's pixels in the processor; None leaves one as it is.

        Raises:
            UserError: the processor has no such bounds.
        """

    @abstractmethod
    def most_pixels(self, processor: Any) -> int:
        """Return the most pixels that a picture has; 0 without pictures."""


@dataclass(frozen=True)
class PatchCoding(PictureCoding):
    """Pictures in patches, as many as their size says, one placeholder for each square of merged patches."""

    words: Sequence[str] = ("<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>")

    @override
    def fit_size(self, processor: Any, size: tuple[int, int]) -> tuple[int, int]:
        images = processor.image_processor
        factor = images.patch_size * images.merge_size
        return settle_size(*size, factor, images.size["shortest_edge"], images.size["longest_edge"])

    @override
    def count_tokens(self, processor: Any, sizes: Sequence[tuple[int, int]]) -> Sequence[int]:
        counts = processor._get_num_multimodal_tokens(image_sizes=[size[::-1] for size in sizes])
        return list(counts["num_image_tokens"])

    @override
    def process(self, processor: Any, pictures: Sequence[Image]) -> Mapping[str, Tensor]:
        return _tensors(processor.image_processor(images=list(pictures), return_tensors="pt"))

    @override
    def limit_pixels(self, processor: Any, least: int | None, most: int | None) -> None:
        _set_edges(processor, least, most)

    @override
    def most_pixels(self, processor: Any) -> int:
        return int(processor.image_processor.size["longest_edge"])


PATCHES = PatchCoding()
"""The coding of a processor of which nothing else is said."""


@dataclass(frozen=True)
class ProcessorCoding(PictureCoding):
    """Pictures of a model that is not known: its processor alone decides on sizes, tiles and tokens."""

    @override
    def fit_size(self, processor: Any, size: tuple[int, int]) -> tuple[int, int]:
        return size

    @override
    def count_tokens(self, processor: Any, sizes: Sequence[tuple[int, int]]) -> Sequence[int] | None:
        return None

    @override
    def process(self, processor: Any, pictures: Sequence[Image]) -> Mapping[str, Tensor]:
        """Give pictures to the whole processor: the image half alone may cut others tiles than the text counts."""
        text = processor.image_token * len(pictures)
        encoded = _tensors(processor(text=[text], images=[list(pictures)], return_tensors="pt"))
        of_text = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")
        return {name: value for name, value in encoded.items() if name not in of_text}

    @override
    def limit_pixels(self, processor: Any, least: int | None, most: int | None) -> None:
        _set_edges(processor, least, most)

    @override
    def most_pixels(self, processor: Any) -> int:
        size = processor.image_processor.size
        return int(size.get("longest_edge") or (size.get("height") or 1024) * (size.get("width") or 1024))


@dataclass(frozen=True)
class NoPictures(PictureCoding):
    """A policy that reads text alone."""

    @override
    def fit_size(self, processor: Any, size: tuple[int, int]) -> tuple[int, int]:
        raise ValueError("the policy reads text alone")

    @override
    def count_tokens(self, processor: Any, sizes: Sequence[tuple[int, int]]) -> Sequence[int]:
        return [0] * len(sizes)

    @override
    def process(self, processor: Any, pictures: Sequence[Image]) -> Mapping[str, Tensor]:
        return {}

    @override
    def limit_pixels(self, processor: Any, least: int | None, most: int | None) -> None:
        raise UserError("min_pixels, max_pixels: the policy reads text alone and has no pictures")

    @override
    def most_pixels(self, processor: Any) -> int:
        return 0


def _tensors(features: Any) -> dict[str, Tensor]:
    return {name: value for name, value in features.items() if isinstance(value, Tensor)}


def _set_edges(processor: Any, least: int | None, most: int | None) -> None:
    size = processor.image_processor.size
    for option, edge, value in (("min_pixels", "shortest_edge", least), ("max_pixels", "longest_edge", most)):
        if value is None:
            continue
        if size.get(edge) is None:
            raise UserError(f"{option}: the policy's image processor has no such bound (its size is {dict(size)})")
        size[edge] = value
