"""Sizes of pictures, beside those of transformers' own processor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

from revisual.data.picture_sizes import LARGEST_RATIO, resize_to_patches, settle_size

FACTOR, LEAST, MOST = 28, 56 * 56, 28 * 28 * 100
SIDES = st.integers(FACTOR, 3000)


@given(SIDES, SIDES)
def test_pictures_get_transformers_size(width, height):
    expected = smart_resize(height, width, factor=FACTOR, min_pixels=LEAST, max_pixels=MOST)
    assert resize_to_patches(width, height, FACTOR, LEAST, MOST) == expected[::-1]


@given(SIDES, SIDES)
def test_a_settled_size_stays(width, height):
    size = settle_size(width, height, FACTOR, LEAST, MOST)
    assert smart_resize(*size[::-1], factor=FACTOR, min_pixels=LEAST, max_pixels=MOST) == size[::-1]
    assert size[0] * size[1] <= MOST and size[0] % FACTOR == size[1] % FACTOR == 0


def test_a_picture_too_long_for_its_width_is_refused():
    resize_to_patches(28 * LARGEST_RATIO, 28, FACTOR, LEAST, MOST)
    with pytest.raises(ValueError, match="aspect ratio must be smaller than 200"):
        resize_to_patches(28 * LARGEST_RATIO + 1, 28, FACTOR, LEAST, MOST)
