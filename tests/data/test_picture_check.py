"""Pictures that cannot be decoded are found before a run, once."""

import os
from io import BytesIO
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import picture
from training.helpers import Given, fit, grpo, prompts

from revisual.core.errors import UserError
from revisual.data.images import ImageSource
from revisual.data.picture_check import drop_undecodable, undecodable
from revisual.data.readers import ParquetReader
from revisual.data.sample import Sample


def encoded(kind, seed=0, side=120):
    buffer = BytesIO()
    picture(side, side, seed).save(buffer, kind)
    return buffer.getvalue()


def samples_of(*files):
    return [Sample(f"s{i}", "What?", "1", "t", [ImageSource(data=data)]) for i, data in enumerate(files)]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "revisual" / "checked"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_cut_files_are_found(kind, cache):
    whole = encoded(kind)
    cut = whole[: len(whole) * 2 // 3]
    reasons = undecodable(samples_of(whole, cut, whole))
    assert list(reasons) == [1] and reasons[1].startswith("sample 's1': picture of ")


def test_they_are_dropped_and_counted(cache, caplog):
    whole = encoded("PNG")
    kept = drop_undecodable(samples_of(whole[:-500], whole, b"no picture", whole), "data.train")
    assert [sample.id for sample in kept] == ["s1", "s3"]
    assert "data.train: 2 samples dropped, whose pictures cannot be decoded; the first: sample 's0'" in caplog.text
    with pytest.raises(
        UserError, match=r"data.train: no sample has pictures that can be decoded; the first: sample 's0'"
    ):
        drop_undecodable(samples_of(whole[:-500]), "data.train")
    texts = [Sample("t", "What?", "1", "t")]
    assert drop_undecodable(texts, "data.train") == texts and drop_undecodable([], "data.train") == []


@pytest.mark.parametrize("stored", ["file", "parquet"])
def test_each_picture_is_decoded_once_until_its_file_changes(stored, tmp_path, cache):
    whole = encoded("PNG")

    def write(files):
        for i, data in enumerate(files):
            (tmp_path / f"{i}.png").write_bytes(data)
            os.utime(tmp_path / f"{i}.png", ns=(0, len(data)))
        table = pa.table({"question": ["q"] * len(files), "answer": ["1"] * len(files), "images": [[f] for f in files]})
        pq.write_table(table, tmp_path / "all.parquet", row_group_size=2)

    def read():
        if stored == "parquet":
            return list(ParquetReader(tmp_path / "all.parquet")())
        return [Sample(f"{i}", "q", "1", "t", [ImageSource(path=f"{i}.png", root=tmp_path)]) for i in range(3)]

    write([whole, whole[:-300], whole])
    assert list(undecodable(read())) == [1]
    with patch.object(ImageSource, "check") as check:
        assert list(undecodable(read())) == [1]  # another process, or a later run
    check.assert_not_called()
    write([whole, whole, whole[:-301]])
    assert list(undecodable(read())) == [2]


def test_a_broken_cache_is_made_anew(cache):
    samples = samples_of(encoded("PNG"), encoded("PNG")[:-300])
    undecodable(samples)
    (kept,) = cache.glob("*.json")
    kept.write_text("{")
    assert list(undecodable(samples)) == [1]


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert list(undecodable(samples_of(encoded("PNG")[:-300]))) == [0]
    assert "cannot be kept" in caplog.text


def test_a_run_goes_on_without_them(policy_folder, tmp_path, cache, caplog):
    whole = encoded("PNG", side=56)
    samples = samples_of(*([whole] * 4), whole[:-300])
    data = prompts(samples, batch_size=2)
    assert isinstance(data.readers["train"][0], Given)
    run = fit(grpo(policy_folder), data, tmp_path, 4)
    assert run.trainer.global_step == 4 and "data.train: 1 samples dropped" in caplog.text
