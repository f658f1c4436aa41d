"""Pictures as a chat server takes them."""

import pytest
from PIL import Image

from revisual.client.pictures import Pictures, PixelBounds, pixel_hash
from revisual.data.images import ImageSource

RED = Image.new("RGB", (60, 40), "red")


def test_the_hash_is_of_what_a_picture_shows(tmp_path):
    for name, options in (("a.png", {}), ("b.png", {"compress_level": 0}), ("c.bmp", {})):
        RED.save(tmp_path / name, **options)
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()
    found = {Pictures([ImageSource(path=p.name, root=tmp_path)], "q").hashes() for p in tmp_path.iterdir()}
    assert len(found) == 1


@pytest.mark.parametrize("size", [(60, 40), (2000, 1500), (3000, 20), (28, 28), (1001, 333)])
def test_bounded_pictures_are_those_of_training(size, processor):
    """As the policy's own encoder resizes them, which is told the same bounds."""
    from revisual.data.encoding import PromptEncoder

    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    longest, shortest = (processor.image_processor.size[name] for name in ("longest_edge", "shortest_edge"))
    expected = PromptEncoder(processor)._resize(picture, "q")
    found = PixelBounds(shortest, longest)(picture)
    assert found.size == expected.size and pixel_hash(found) == pixel_hash(expected)


def test_without_bounds_pictures_stay():
    assert PixelBounds()(RED) is RED


def test_pictures_are_encoded_once():
    pictures = Pictures([ImageSource(image=RED)], "q")
    assert pictures.urls() is pictures.urls() and pictures.hashes() is pictures.hashes() and len(pictures) == 1
