import base64
import os
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from revisual.core.errors import UserError
from revisual.data import images
from revisual.data.images import ImageSource, image_source

SAMPLE_DATA = Path(__file__).parents[2].parent / "shared" / "data"


def encoded(image, format="PNG", **options):
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def error_of(call, *args):
    with pytest.raises(UserError) as caught:
        call(*args)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    Image.new("RGB", (6, 4), "red").save(folder / "red.png")
    return folder


def test_path_bytes_and_memory_give_the_same_picture(root):
    data = (root / "red.png").read_bytes()
    sources = [
        ImageSource(path="red.png", root=root),
        ImageSource(path=str(root / "red.png"), root=root),  # absolute, but inside
        ImageSource(data=data),
        ImageSource(image=Image.open(BytesIO(data))),
    ]
    for source in sources:
        picture = source.load("s")
        assert (picture.mode, picture.size, picture.getpixel((0, 0))) == ("RGB", (6, 4), (255, 0, 0))
        assert source.size("s") == (6, 4)


def test_exactly_one_of_path_data_and_image(root):
    with pytest.raises(ValueError, match="exactly one"):
        ImageSource()
    with pytest.raises(ValueError, match="exactly one"):
        ImageSource(path="red.png", data=b"x", root=root)
    with pytest.raises(ValueError, match="root"):
        ImageSource(path="red.png")


def test_a_picture_in_memory_stays_usable():
    picture = Image.open(BytesIO(encoded(Image.new("RGB", (3, 3), "blue"))))
    source = ImageSource(image=picture)
    source.size("s")
    source.load("s")
    assert source.load("s").getpixel((0, 0)) == (0, 0, 255)
    assert picture.getpixel((0, 0)) == (0, 0, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white(mode):
    picture = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    picture.putpixel((1, 0), (0, 0, 0, 255))
    rgb = ImageSource(data=encoded(picture.convert(mode))).load("s")
    assert [rgb.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (0, 0, 0)]


def test_half_transparency_is_mixed_with_white():
    rgb = ImageSource(data=encoded(Image.new("RGBA", (1, 1), (255, 0, 0, 128)))).load("s")
    assert rgb.getpixel((0, 0)) == (255, 127, 127)


def test_sixteen_bit_grey_keeps_its_shades():
    rgb = ImageSource(data=encoded(Image.new("I;16", (2, 2), 128 * 256))).load("s")
    assert rgb.getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(format, orientation):
    stored = Image.fromarray(np.repeat(np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6), 16, 0).repeat(16, 1))
    stored = stored.convert("RGB")
    options = {"lossless": True} if format == "WEBP" else {"quality": 95} if format == "JPEG" else {}
    data = encoded(stored, format, exif=turned(orientation), **options)
    want = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    source = ImageSource(data=data)
    got = source.load("s")
    assert np.array_equal(np.asarray(got), np.asarray(want))
    assert source.size("s") == got.size == ((64, 96) if orientation >= 5 else (96, 64))
    assert np.array_equal(np.asarray(ImageOps.exif_transpose(got)), np.asarray(got))  # nothing is left to apply


def test_size_reads_only_the_header(root):
    data = encoded(Image.effect_noise((200, 100), 50))
    (root / "cut.png").write_bytes(data[:200])
    source = ImageSource(path="cut.png", root=root)
    assert source.size("s") == (200, 100)
    assert "cut.png cannot be read" in error_of(source.load, "s")


@pytest.mark.parametrize("call", ["load", "size"])
def test_a_bad_file_is_named(root, call):
    (root / "text.png").write_text("not a picture")
    (root / "empty.png").touch()
    (root / "folder").mkdir()
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    cases = {
        "missing.png": "does not exist",
        "text.png": "is not a picture in one of the formats",
        "empty.png": "is not a picture",
        "folder": "is not a file",
        "pipe": "is not a file",
        "loop": "",
        "nul\0.png": "cannot be read",
        "data:image/png;base64," + "x" * 50_000: "cannot be read",
        "line\nbreak.png": "does not exist",
    }
    for path, reason in cases.items():
        message = error_of(getattr(ImageSource(path=path, root=root), call), "geo_7")
        name = path.replace("\n", "\\n") if len(path) < 100 else path[:50]
        assert message.startswith(f"sample 'geo_7': picture {root / name}") and reason in message
        assert len(message) < 600


@pytest.mark.parametrize("call", ["load", "size"])
def test_a_path_stays_inside_its_folder(tmp_path, root, call):
    outside = tmp_path / "secret.png"
    Image.new("RGB", (2, 2)).save(outside)
    (tmp_path / "data-too").mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "data-too" / "x.png")
    (root / "link.png").symlink_to(outside)
    (root / "up").symlink_to(tmp_path)
    for path in ("../secret.png", str(outside), "link.png", "up/secret.png", "../data-too/x.png", "/etc/hostname"):
        message = error_of(getattr(ImageSource(path=path, root=root), call), "s1")
        assert message.startswith("sample 's1': picture ") and "outside the data folder" in message
        assert Path(path).name in message


def test_links_inside_the_folder_and_to_the_folder_are_followed(tmp_path, root):
    (root / "link.png").symlink_to("red.png")
    (tmp_path / "alias").symlink_to(root)
    assert ImageSource(path="link.png", root=tmp_path / "alias").load("s").size == (6, 4)
    assert ImageSource(path="../data/red.png", root=root).size("s") == (6, 4)


@pytest.mark.parametrize("call", ["load", "size"])
def test_a_picture_of_too_many_pixels_is_refused_undecoded(monkeypatch, call):
    data = encoded(Image.new("1", (9000, 8000)))
    assert "has 9000 x 8000 pixels, more than 64,000,000" in error_of(getattr(ImageSource(data=data), call), "s")
    monkeypatch.setattr(images, "MAX_PIXELS", 10)
    assert "has 4 x 3 pixels" in error_of(getattr(ImageSource(image=Image.new("L", (4, 3))), call), "s")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_decompression_bomb_is_refused():
    bomb = bytearray(encoded(Image.new("1", (1, 1))))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2  # a few bytes that say 3.6 billion pixels
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    assert "more than 64,000,000 pixels" in error_of(ImageSource(data=bytes(bomb)).load, "s")


def test_formats_that_run_other_programs_are_refused():
    assert "formats PNG" in error_of(ImageSource(data=encoded(Image.new("RGB", (2, 2)), "EPS")).load, "s")


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, on damaged tags
@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_damage_anywhere_gives_a_picture_or_one_clear_line(format):
    data = encoded(Image.effect_noise((40, 30), 80), format)
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data[: random.integers(1, len(data) + 1)])
        for place in random.integers(0, len(damaged), 3):
            damaged[place] = random.integers(256)
        source = ImageSource(data=bytes(damaged))
        try:
            assert source.load("s").mode == "RGB"
        except UserError as error:
            assert str(error).startswith("sample 's': picture of ") and "\n" not in str(error)


def test_image_source_takes_every_form(root):
    data = (root / "red.png").read_bytes()
    path = ImageSource(path="red.png", root=root)
    assert image_source("red.png", root) == image_source(Path("red.png"), root) == path
    assert image_source({"bytes": None, "path": "red.png"}, root) == image_source({"path": "red.png"}, root) == path
    assert image_source(data, None) == image_source({"bytes": data, "path": "x.png"}, root) == ImageSource(data=data)
    picture = Image.new("RGB", (1, 1))
    assert image_source(picture, None).image is picture


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (5, "type int"),
        (None, "empty"),
        ("", "empty"),
        (b"", "empty"),
        ({"bytes": None, "path": None}, "empty"),
        ({"url": "x"}, "keys ['url']"),
        ({"path": 3}, "type int"),
    ],
)
def test_image_source_refuses_other_values(root, value, reason):
    assert reason in error_of(image_source, value, root)


def test_image_source_needs_a_folder_for_a_path():
    assert "no data folder" in error_of(image_source, "a.png", None)


def test_repr_leaves_out_the_bytes():
    assert len(repr(ImageSource(data=b"x" * 10_000))) < 100


@pytest.mark.skipif(not SAMPLE_DATA.is_dir(), reason="the sample data is not beside the repository")
@pytest.mark.parametrize("folder", ["geometry3k_rendered", "tabmwp", "mathvision", "wemath", "logicvista"])
def test_real_pictures_load(folder):
    root = SAMPLE_DATA / folder
    files = sorted(file for file in root.rglob("*") if file.suffix in (".png", ".jpg"))
    assert files
    for file in files[:: len(files) // 10]:
        source = image_source(str(file.relative_to(root)), root)
        assert source.load("s").size == source.size("s")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP"])
def test_base64_and_data_urls_are_pictures(format):
    data = encoded(Image.new("RGB", (20, 10), "red"), format)
    text = base64.b64encode(data).decode()
    url = f"data:image/{format.lower()};base64,{text}"
    forms = [text, url, {"url": url}, {"image_url": {"url": url}}, {"type": "image_url", "image_url": url}]
    assert len(text) >= 64
    for form in [*forms, "\n".join(text[i : i + 76] for i in range(0, len(text), 76))]:
        assert image_source(form, None) == ImageSource(data=data)
        assert image_source(form, None).size("a") == (20, 10)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("data:text/html;base64,PGI+", "begins with 'data:text/html;base64'"),
        ("data:image/svg+xml,<svg/>", "begins with 'data:image/svg+xml'"),
        ("data:image/png;base64,???", "cannot be read"),
        ("iVBORw0KGgo" + "A" * 70, "cannot be read"),
    ],
)
def test_other_texts_of_that_form_are_refused(value, reason):
    assert reason in error_of(image_source, value, None)


def test_a_path_that_begins_like_base64_is_a_path(root):
    for path in ("/9j/" + "a" * 80 + ".jpg", "iVBORw0KGgo.png", "9j/a"):
        assert image_source(path, root).path == path
