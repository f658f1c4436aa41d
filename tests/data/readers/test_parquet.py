"""Rows of Parquet files."""

from PIL import Image

from revisual.data.readers import ParquetReader

from .reading import GOOD, error_of, parquet, png


def test_parquet_with_pictures_as_bytes_and_objects(tmp_path):
    Image.new("RGB", (4, 3), "blue").save(tmp_path / "x.png")
    rows = [
        GOOD | {"picture": png(), "images": [{"bytes": png(), "path": "lost.png"}]},
        GOOD | {"id": "b", "picture": png(), "images": [{"bytes": None, "path": "x.png"}]},
    ]
    path = parquet(tmp_path, rows)
    samples = list(ParquetReader(path)())
    assert [sample.load_images()[0].getpixel((0, 0)) for sample in samples] == [(255, 0, 0), (0, 0, 255)]
    samples = list(ParquetReader(path, columns={"images": "picture"})())
    assert [sample.load_images()[0].size for sample in samples] == [(4, 3), (4, 3)]


def test_parquet_in_batches_folders_and_patterns(tmp_path):
    Image.new("RGB", (4, 3)).save(tmp_path / "x.png")
    rows = [{"question": "q", "answer": i, "images": "x.png"} for i in range(70)]
    parquet(tmp_path, rows, "sub/train-0.parquet")
    parquet(tmp_path, rows[:2], "train-1.parquet")
    samples = list(ParquetReader(tmp_path)())
    assert len(samples) == 72
    assert [sample.id for sample in samples[-3:]] == ["train-0:70", "train-1:1", "train-1:2"]
    assert samples[0].load_images()[0].size == (4, 3)  # from the folder that was given
    assert [sample.answer for sample in ParquetReader(str(tmp_path / "train-*.parquet"))()] == ["0", "1"]
    assert len(list(ParquetReader(tmp_path / "**" / "*.parquet")())) == 72


def test_parquet_messages_lose_the_keys_that_arrow_fills_in(tmp_path):
    content = [{"type": "image"}, {"type": "text", "text": "q"}]
    path = parquet(tmp_path, [{"messages": [{"role": "user", "content": content}], "answer": "1"}])
    (sample,) = ParquetReader(path)()
    assert sample.messages == ({"role": "user", "content": content},)


def test_a_damaged_parquet_file_is_named(tmp_path):
    path = parquet(tmp_path, [GOOD])
    path.write_bytes(path.read_bytes()[:-20])
    assert error_of(ParquetReader(path)).startswith(f"{path}, after row 0: cannot be read as Parquet: ")
