"""Pictures' bytes stay in their files until a picture is opened."""

import gc
import os
import pickle
import tracemalloc

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from revisual.data.images import ImageSource, StoredBytes
from revisual.data.readers import HFDatasetReader, ParquetReader
from revisual.data.readers import parquet as parquet_module

from .reading import error_of, png

COLORS = ["red", "blue", "green", "white"]


def noise(seed, side=100):
    import random
    from io import BytesIO

    buffer = BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(seed).randbytes(side * side * 3)).save(buffer, "PNG")
    return buffer.getvalue()


def rows(count, make=lambda i: png(COLORS[i % 4])):
    return [
        {"question": f"q{i}", "answer": str(i), "images": [{"bytes": make(i), "path": None}] * (1 + i % 2)}
        for i in range(count)
    ]


def written(folder, table, **options):
    path = folder / "train.parquet"
    pq.write_table(pa.Table.from_pylist(table), path, **options)
    return path


def colors(samples):
    return [[picture.getpixel((0, 0)) for picture in sample.load_images()] for sample in samples]


EXPECTED = {"red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 128, 0), "white": (255, 255, 255)}


@pytest.mark.parametrize("group", [1, 3, 64, 1000])
def test_each_picture_is_found_again(tmp_path, group):
    samples = list(ParquetReader(written(tmp_path, rows(11), row_group_size=group))())
    assert colors(samples) == [[EXPECTED[COLORS[i % 4]]] * (1 + i % 2) for i in range(11)]
    assert all(isinstance(image.data, StoredBytes) for sample in samples for image in sample.images)
    again = pickle.loads(pickle.dumps(samples[5]))  # as for a loader's worker that is no fork
    assert again.images[0].encode() == png("blue")


@pytest.mark.parametrize("kind", ["parquet", "datasets"])
def test_a_read_data_set_holds_no_bytes(tmp_path, kind):
    table = rows(80, noise)
    total = sum(len(image["bytes"]) for row in table for image in row["images"])
    if kind == "parquet":
        reader = ParquetReader(written(tmp_path, table, row_group_size=16))
    else:
        features = datasets.Features(
            {
                "question": datasets.Value("string"),
                "answer": datasets.Value("string"),
                "images": datasets.List(datasets.Image()),
            }
        )
        datasets.Dataset.from_list(table, features=features).save_to_disk(tmp_path / "saved")
        reader = HFDatasetReader(str(tmp_path / "saved"))
    first = table[7]["images"][0]["bytes"]
    del table
    list(reader())  # what is made once for all, such as imports, is not of the samples
    gc.collect()
    tracemalloc.start()
    samples = list(reader())
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(samples) == 80 and total > 2_000_000
    assert held < total / 10
    assert samples[7].images[0].encode() == first


def test_files_with_large_row_groups_are_copied_once(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(parquet_module, "GROUP_BYTES", 10)
    monkeypatch.setattr(parquet_module, "BATCH_SIZE", 4)
    (tmp_path / "data").mkdir()
    path = written(tmp_path / "data", rows(11))
    expected = [[EXPECTED[COLORS[i % 4]]] * (1 + i % 2) for i in range(11)]
    samples = list(ParquetReader(path)())
    assert colors(samples) == expected
    (copy,) = (tmp_path / "cache" / "revisual" / "pictures").glob("*.parquet")
    assert pq.ParquetFile(copy).num_row_groups == 3
    assert colors(list(ParquetReader(path)())) == expected
    assert caplog.text.count("smaller row groups") == 1
    assert [sample.id for sample in samples] == [f"train:{i + 1}" for i in range(11)]
    written(tmp_path / "data", rows(5))  # another file under the same name
    os.utime(path, ns=(1, 1))
    assert len(list(ParquetReader(path)())) == 5


def test_paths_are_not_looked_up_in_the_table(tmp_path):
    Image.new("RGB", (4, 3), "blue").save(tmp_path / "x.png")
    table = [{"question": "q", "answer": "1", "images": ["x.png"]}]
    (sample,) = ParquetReader(written(tmp_path, table))()
    assert sample.images[0] == ImageSource(path="x.png", root=tmp_path)


def test_a_nested_column_is_found_again(tmp_path):
    table = [{"question": "q", "answer": "1", "deep": {"picture": png(c)}} for c in ("red", "blue")]
    samples = list(ParquetReader(written(tmp_path, table), columns={"images": "deep.picture"})())
    assert colors(samples) == [[(255, 0, 0)], [(0, 0, 255)]]


def test_a_file_that_is_gone_is_one_line(tmp_path):
    path = written(tmp_path, rows(2))
    samples = list(ParquetReader(path)())
    path.unlink()
    message = error_of(lambda: samples[0].load_images())
    assert message.startswith(f"sample 'train:1': picture in {path} cannot be read: ")
