"""Pictures as a chat server takes them: PNG files in base64, in the size that the policy was trained on."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from threading import Lock

from PIL.Image import Image, Resampling

from revisual.core.ranges import PositiveInt, check_order, check_ranges
from revisual.data.images import ImageSource
from revisual.data.picture_sizes import settle_size

FACTOR = 28
"""Sides are multiples of it: a patch of Qwen2.5-VL has 14 pixels, and 2 x 2 patches make a token."""


@dataclass(frozen=True)
class PixelBounds:
    """How many pixels a picture has.

    Example: `PixelBounds(min_pixels=3136, max_pixels=1003520)`

    Args:
        min_pixels: resize smaller ones to it; by default a server gets pictures as they are, unless max_pixels is
            given, and a model in this process takes the bounds of its processor.
        max_pixels: resize larger ones to it; by default likewise.
    """

    min_pixels: PositiveInt | None = None
    max_pixels: PositiveInt | None = None

    def __post_init__(self) -> None:
        check_ranges(self)
        check_order(self, "min_pixels", "max_pixels")

    def __call__(self, image: Image) -> Image:
        """Resize `image` so that a server with the same bounds does not change it again."""
        if self.min_pixels is None and self.max_pixels is None:
            return image
        size = self._size(image.size)
        return image if size == image.size else image.resize(size, Resampling.BICUBIC)

    def _size(self, size: tuple[int, int]) -> tuple[int, int]:
        least = FACTOR**2 if self.min_pixels is None else self.min_pixels
        most = max(least, size[0] * size[1] if self.max_pixels is None else self.max_pixels)
        return settle_size(*size, FACTOR, least, most)


class Pictures:
    """The pictures of one question, read and encoded once however many answers are asked for.

    Example: `Pictures(sample.images, sample.id, PixelBounds(max_pixels=1003520))`

    Args:
        sources: where they are; read when they are first needed, by any thread.
        sample_id: for messages.
        bounds: what size they get.
    """

    def __init__(self, sources: Sequence[ImageSource], sample_id: str, bounds: PixelBounds = PixelBounds()) -> None:
        self.sources, self.sample_id, self.bounds = tuple(sources), sample_id, bounds
        self._lock = Lock()
        self._hashes: tuple[str, ...] | None = None
        self._urls: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.sources)

    def hashes(self) -> tuple[str, ...]:
        """Return the SHA-256 of what each picture shows: its size and pixels, not its file.

        Raises:
            UserError: a picture cannot be read.
        """
        with self._lock:
            if self._hashes is None:
                self._hashes = tuple(pixel_hash(source.load(self.sample_id)) for source in self.sources)
            return self._hashes

    def urls(self) -> tuple[str, ...]:
        """Return each picture as a `data:` URL.

        Raises:
            UserError: a picture cannot be read.
        """
        with self._lock:
            if self._urls is None:
                self._urls = tuple(data_url(self.bounds(source.load(self.sample_id))) for source in self.sources)
            return self._urls


def pixel_hash(image: Image) -> str:
    """Return the SHA-256 of a picture's size and RGB pixels."""
    digest = hashlib.sha256(f"{image.width}x{image.height}:".encode())
    digest.update(image.convert("RGB").tobytes())
    return digest.hexdigest()


def data_url(image: Image) -> str:
    """Return a picture as `data:image/png;base64,...`: PNG keeps every pixel, as in training."""
    buffer = BytesIO()
    image.save(buffer, format="PNG", compress_level=1)  # 4 times as fast as the default, and little larger
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode('ascii')}"
