"""Sizes of pictures that are cut into patches: multiples of a factor, within bounds of pixels."""

import math

LARGEST_RATIO = 200
"""Of a picture's longer side to its shorter one; towers were trained on none above it."""


def resize_to_patches(width: int, height: int, factor: int, least: int, most: int) -> tuple[int, int]:
    """Return the size that an image processor of patches gives a picture of `width` by `height` pixels.

    Args:
        width: of the picture.
        height: of the picture.
        factor: of which both sides become multiples.
        least: pixels that the result has at least.
        most: pixels that it has at most, as far as sides of one factor allow.

    Raises:
        ValueError: the picture is too long for its width.
    """
    ratio = max(width, height) / min(width, height)
    if ratio > LARGEST_RATIO:
        raise ValueError(f"absolute aspect ratio must be smaller than {LARGEST_RATIO}, got {ratio}")
    rounded = (round(width / factor) * factor, round(height / factor) * factor)
    if rounded[0] * rounded[1] > most:
        scale = math.sqrt(width * height / most)
        width, height = (max(factor, math.floor(side / scale / factor) * factor) for side in (width, height))
        return width, height
    if rounded[0] * rounded[1] < least:
        scale = math.sqrt(least / (width * height))
        width, height = (math.ceil(side * scale / factor) * factor for side in (width, height))
        return width, height
    return rounded


def settle_size(width: int, height: int, factor: int, least: int, most: int) -> tuple[int, int]:
    """Return a size that no later resizing changes; of a long thin picture, resizing once is not enough.

    Raises:
        ValueError: the picture is too long for its width.
    """
    size, before = (width, height), None
    while size != before:
        before, size = size, resize_to_patches(*size, factor, least, most)
    return size
