"""A column of pictures that is read for no field."""

import io
import json

import pytest
from PIL import Image

from revisual.data.readers import JSONLReader
from revisual.data.readers.unread_pictures import find_picture_column


def png():
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "value",
    ["a/7.png", "a.JPEG", ["a.png", "b.png"], png(), {"bytes": png(), "path": None}, {"bytes": None, "path": "7.jpg"},
     "data:image/png;base64,iVBORw0KGgo=", Image.new("RGB", (2, 2))],
)  # fmt: skip
def test_pictures_as_they_come(value):
    row = {"question": "Find x.", "img": value}
    assert find_picture_column(row, {}) == "img"
    assert find_picture_column(row, {"images": "img"}) is None


@pytest.mark.parametrize(
    "value", [None, "", [], {}, b"\x00\x01", 7, "It ends in a.png\nand goes on", "x" * 500 + ".png"]
)
def test_other_values(value):
    assert find_picture_column({"question": "a.png", "answer": "b.png", "notes": value}, {}) is None


def test_a_reader_says_it_once(tmp_path, caplog):
    rows = [{"question": "Find $x$.", "answer": "7", "img": f"{k}.png"} for k in range(3)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    assert len(list(JSONLReader(path)())) == 3
    (record,) = caplog.records
    assert record.getMessage() == (
        f"{path}: column 'img' holds pictures and is not read; to use them give columns: {{images: img}}"
    )
    caplog.clear()
    assert all(sample.images for sample in JSONLReader(path, columns={"images": "img"})()) and not caplog.records
