"""Greys of more than 8 bits keep what can be seen of them."""

import numpy as np
import pytest
from PIL import Image

from revisual.core.errors import UserError
from revisual.data.images import ImageSource

RAMP = np.linspace(0, 1, 1024).reshape(32, 32)
BYTES = np.round(RAMP * 255)


def grey(pixels, kind):
    return Image.fromarray(pixels.astype(kind))


@pytest.mark.parametrize(
    ("scale", "offset", "kind"),
    [
        (1, 0, "f4"), (255, 0, "f4"), (65535, 0, "f4"), (1e6, 0, "f4"), (2, -1, "f4"), (1e-3, -5e-4, "f4"),
        (255, 0, "i4"), (65535, 0, "i4"), (2**30, 0, "i4"), (400, -200, "i4"), (65535, 0, "u2"),
    ],
)  # fmt: skip
def test_a_ramp_stays_one(tmp_path, scale, offset, kind):
    grey(RAMP * scale + offset, kind).save(tmp_path / "ramp.tif")
    picture = ImageSource(path="ramp.tif", root=tmp_path).load("s")
    assert picture.mode == "RGB" and np.abs(np.asarray(picture)[..., 0] - BYTES).max() <= 1


def test_a_mask_is_black_and_white_and_one_shade_stays_in_its_range():
    assert np.unique(ImageSource(image=grey(RAMP > 0.5, "i4")).load("s")).tolist() == [0, 255]
    assert np.unique(ImageSource(image=grey(RAMP * 0 + 0.5, "f4")).load("s")).tolist() == [128]
    assert np.unique(ImageSource(image=grey(RAMP * 0 - 3, "f4")).load("s")).tolist() == [0]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_one_line_before_training(wrong):
    source = ImageSource(image=grey(np.where(RAMP > 0.9, wrong, RAMP), "f4"))
    for call in (source.load, source.check):
        with pytest.raises(UserError, match="sample 's': picture in memory has pixels that are no finite numbers"):
            call("s")
