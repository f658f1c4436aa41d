"""Perceptual fingerprints: whether two pictures show the same, whatever their size, compression and margin.

A picture is shrunk to 32 x 32 grey values, smoothed, and taken relative to its mean and contrast, so that the inner
product of two fingerprints is their correlation. A crop of a few percent shifts thin lines by a cell; a picture that
is looked for is therefore taken along with itself cropped.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from revisual.data.sample import Sample

SIDE = 32
THUMBNAIL_SIDE = 64
THUMBNAIL = THUMBNAIL_SIDE**2 + 4
"""Bytes: the grey values, and the shape as a 32-bit float."""
WORK_SIDE = 512
"""Larger pictures are shrunk to it first, by whole steps, which is quick."""
CROP = 0.03
SAME = 0.97
"""The correlation from which two pictures show the same: of 3,000 pairs of a picture and its resized, recompressed or
cropped copy, 99 % lie above."""
ALIKE = 0.95
"""The same where the question and its answer are the same too."""
SHAPE_TOLERANCE = 0.1
"""By how much the logarithms of width over height may differ."""
EMPTY_CONTRAST = 1.0

Cuts = tuple[float, float, float, float]
_SOME = (0.0, CROP)
CROPS: tuple[Cuts, ...] = (
    *((left, top, right, bottom) for left in _SOME for top in _SOME for right in _SOME for bottom in _SOME),
    (CROP / 2, CROP / 2, CROP / 2, CROP / 2),
)
"""What is cut off at the left, top, right and bottom: nothing, 3 % of any sides, and half of that of all."""


def fingerprint(image: Image.Image) -> NDArray[np.float32]:
    """Return the fingerprint of a whole picture: [SIDE * SIDE], of length 1; zeros for an empty picture."""
    return _values(_small(image), (0.0, 0.0, 0.0, 0.0))


def cropped_fingerprints(image: Image.Image) -> NDArray[np.float32]:
    """Return fingerprints of a picture and its crops: [len(CROPS), SIDE * SIDE], the whole one first."""
    grey = _small(image)
    return np.stack([_values(grey, cuts) for cuts in CROPS])


def shape_of(image: Image.Image) -> float:
    """Return the logarithm of width over height."""
    return float(np.log(image.width / image.height))


def sample_fingerprints(samples: Sequence[Sample]) -> NDArray[np.float32]:
    """Return the fingerprint of each sample's first picture, and its shape last: [N, SIDE * SIDE + 1]."""
    found = np.zeros((len(samples), SIDE * SIDE + 1), dtype=np.float32)
    for place, sample in enumerate(samples):
        if sample.images:
            picture = sample.images[0].load(sample.id)
            found[place, :-1], found[place, -1] = fingerprint(picture), shape_of(picture)
    return found


def thumbnails(samples: Sequence[Sample]) -> NDArray[np.uint8]:
    """Return small grey copies of first pictures, to fingerprint later: [N, THUMBNAIL], the shape in the end."""
    found = np.zeros((len(samples), THUMBNAIL), dtype=np.uint8)
    for place, sample in enumerate(samples):
        if sample.images:
            picture = sample.images[0].load(sample.id)
            grey = _small(picture).resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BOX)
            found[place, :-4] = np.asarray(grey).ravel()
            found[place, -4:] = np.array([shape_of(picture)], dtype=np.float32).view(np.uint8)
    return found


def alike(rows: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the correlations of pictures, either of a pair perhaps cropped: [N, M]; -1 for other shapes."""
    crops, other_crops = (np.stack([_of_thumbnail(row) for row in part]) for part in (rows, others))
    way = (crops.reshape(-1, SIDE * SIDE) @ other_crops[:, 0].T).reshape(len(rows), len(CROPS), -1).max(axis=1)
    back = (other_crops.reshape(-1, SIDE * SIDE) @ crops[:, 0].T).reshape(len(others), len(CROPS), -1).max(axis=1).T
    shapes, other_shapes = (np.ascontiguousarray(part[:, -4:]).view(np.float32)[:, 0] for part in (rows, others))
    empty, other_empty = (np.asarray(part[:, 0].any(axis=1)) == 0 for part in (crops, other_crops))
    found = np.where(empty[:, None] & other_empty[None, :], 1.0, np.maximum(way, back))
    return np.where(np.abs(shapes[:, None] - other_shapes[None]) > SHAPE_TOLERANCE, -1.0, found).astype(np.float32)


def _of_thumbnail(row: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = Image.fromarray(row[:-4].reshape(THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return np.stack([_values(grey, cuts) for cuts in CROPS])


def _small(image: Image.Image) -> Image.Image:
    grey = image.convert("L")
    step = max(1, min(grey.size) // WORK_SIDE)
    return grey.reduce(step) if step > 1 else grey


def _values(grey: Image.Image, cuts: Cuts) -> NDArray[np.float32]:
    left, top, right, bottom = cuts
    width, height = grey.size
    box = (width * left, height * top, width * (1 - right), height * (1 - bottom))
    way = Image.Resampling.BOX if min(grey.size) >= SIDE else Image.Resampling.BILINEAR
    small = grey.resize((SIDE, SIDE), way, box=box).filter(ImageFilter.GaussianBlur(1))
    values = np.asarray(small, dtype=np.float32).ravel()
    values = values - values.mean()
    length = float(np.linalg.norm(values))
    return values / length if length > EMPTY_CONTRAST else np.zeros_like(values)
