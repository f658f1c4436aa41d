from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image

from revisual.report.picture import picture

from .parsing import parse


def embedded(made) -> Image.Image:
    source = parse(made).all("img")[0].attributes["src"]
    assert source.startswith("data:image/png;base64,")
    return Image.open(BytesIO(b64decode(source.split(",")[1])))


def test_a_picture_is_read_back_pixel_by_pixel():
    image = Image.new("RGB", (3, 2), "white")
    image.putpixel((2, 1), (10, 20, 30))
    shown = embedded(picture(image, alt="x"))
    assert shown.size == (3, 2) and shown.convert("RGB").tobytes() == image.tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "YCbCr"])
@pytest.mark.parametrize(("size", "expected"), [((40, 20), (40, 20)), ((200, 100), (64, 32))])
def test_every_mode_is_shown_and_large_ones_are_shrunk(mode, size, expected):
    assert embedded(picture(Image.new(mode, size), alt="x", max_side=64)).size == expected


def test_the_alternative_text_is_text():
    attack = '"><script>alert(1)</script>'
    tree = parse(picture(Image.new("RGB", (1, 1)), alt=attack))
    assert tree.all("img")[0].attributes["alt"] == attack and not tree.all("script")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_bytes_are_taken_as_they_are(form):
    buffer = BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, format=form)
    source = parse(picture(buffer.getvalue(), alt="x")).all("img")[0].attributes["src"]
    assert source.split(",")[0] == f"data:image/{form.lower()};base64"
    assert b64decode(source.split(",")[1]) == buffer.getvalue()


def test_other_bytes_are_refused():
    with pytest.raises(ValueError, match="neither"):
        picture(b"<svg onload=alert(1)>", alt="x")
