import pytest
from PIL import Image

from revisual.core.errors import UserError
from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.output import keep_pictures


def test_pictures_are_kept_as_they_are(tmp_path):
    """Files and bytes untouched, pictures in memory without loss, equal ones once; none from outside its folder."""
    root, out = tmp_path / "data", tmp_path / "out"
    root.mkdir()
    image = Image.new("RGB", (9, 5), "green")
    image.save(root / "a.webp")
    data = (root / "a.webp").read_bytes()
    sources = [ImageSource(path="a.webp", root=root), ImageSource(data=data), ImageSource(image=image)]
    first, second, third = keep_pictures(Sample("q", images=sources), out)
    assert first == second and first.endswith(".webp") and (out / first).read_bytes() == data
    assert third.endswith(".png")
    with Image.open(out / third) as kept:
        assert kept.size == (9, 5) and list(kept.convert("RGB").getdata()) == list(image.getdata())
    image.save(tmp_path / "b.png")
    with pytest.raises(UserError, match="outside the data folder"):
        keep_pictures(Sample("q", images=[ImageSource(path="../b.png", root=root)]), out)
