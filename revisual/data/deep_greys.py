"""Greys of more than 8 bits, whose white is where the picture's own numbers say."""

import math

import numpy as np
from PIL.Image import Image

from revisual.core.errors import UserError

WHITES = (1, 255, 65535)
"""Of shares, of bytes, and of 16 bits."""


def is_deep(image: Image) -> bool:
    """Return whether a picture is grey in more than 8 bits."""
    return image.mode == "F" or image.mode.startswith("I")


def grey_in_bytes(image: Image) -> Image:
    """Return a grey picture of 16 or 32 bits or of floats with its greys between 0 and 255.

    16 bits are 16 bits. Of others the least of `WHITES` that no pixel exceeds is white; where there is none, or a pixel
    is below 0, the darkest pixel is black and the lightest white.

    Raises:
        UserError: a pixel is no finite number.
    """
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256)
    low, high = _extremes(image)
    fitting = [white for white in WHITES if low >= 0 and high <= white]
    black, white = (0.0, float(fitting[0])) if fitting else (low, max(high, low + 1e-9))
    scale = 255 / (white - black)
    return image.convert("F").point(lambda value: value * scale + (0.5 - black * scale))


def _extremes(image: Image) -> tuple[float, float]:
    pixels = np.asarray(image)
    low, high = float(pixels.min()), float(pixels.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise UserError("has pixels that are no finite numbers")
    return low, high
