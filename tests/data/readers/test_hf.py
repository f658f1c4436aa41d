"""Rows of Hugging Face data sets, from folders of each kind."""

import datasets
import pytest

from revisual.data.readers import HFDatasetReader, read_all

from .reading import GOOD, error_of, jsonl, png


@pytest.fixture
def hf_cache(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)
    datasets.disable_progress_bars()
    return cache


def pictured():
    picture = datasets.Image()
    features = {"problem": datasets.Value("string"), "answer": datasets.Value("int64")}
    features |= {"image": picture, "images": datasets.List(picture), "deep": {"picture": picture}}
    rows = [
        {
            "problem": f"<image>Find {i}.",
            "answer": i,
            "image": png(),
            "images": [png("blue")],
            "deep": {"picture": png()},
        }
        for i in range(3)
    ]
    return datasets.Dataset.from_list(rows, features=datasets.Features(features))


@pytest.mark.parametrize("column", ["image", "images", "deep.picture"])
def test_a_saved_data_set_with_pictures(tmp_path, hf_cache, column):
    folder = tmp_path / "saved"
    pictured().save_to_disk(folder)
    before = sorted(folder.rglob("*"))
    reader = HFDatasetReader(str(folder), columns={"question": "problem", "images": column}, limit=2)
    samples = list(reader())
    assert [(sample.id, sample.question, sample.answer) for sample in samples] == [
        ("saved-train:1", "Find 0.", "0"),
        ("saved-train:2", "Find 1.", "1"),
    ]
    assert samples[0].images[0].data is not None  # still encoded
    want = (0, 0, 255) if column == "images" else (255, 0, 0)
    assert samples[1].load_images()[0].getpixel((0, 0)) == want
    assert sorted(folder.rglob("*")) == before and not hf_cache.exists()  # no second copy was written


def test_a_saved_data_set_with_splits(tmp_path, hf_cache):
    folder = str(tmp_path / "saved")
    datasets.DatasetDict({"train": pictured(), "test": pictured().select([2])}).save_to_disk(folder)
    columns = {"question": "problem"}
    assert [sample.answer for sample in HFDatasetReader(folder, split="test", columns=columns)()] == ["2"]
    assert error_of(HFDatasetReader(folder, split="dev")) == f"{folder}: no split 'dev'; there are: train, test"
    assert "has no subsets" in error_of(HFDatasetReader(folder, subset="x"))
    message = error_of(HFDatasetReader(folder))
    assert message.startswith(f"{folder} (train), row 1: question is empty, as there is no such column (there are: ")
    assert "problem" in message


def test_a_folder_of_json_lines_through_load_dataset(tmp_path, hf_cache):
    folder = tmp_path / "lines"
    folder.mkdir()
    jsonl(folder, GOOD | {"extra": {"level": 1}}, GOOD | {"id": "b", "extra": {"topic": "x", "level": "hard"}})
    first, second = HFDatasetReader(str(folder))()
    assert first.extra["level"] == 1 and second.extra["topic"] == "x"
    assert "cannot be loaded: " in error_of(HFDatasetReader(str(folder), split="dev"))


def test_a_folder_of_picture_files_through_load_dataset(tmp_path, hf_cache):
    folder = tmp_path / "files"
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "x.png").write_bytes(png())
    jsonl(folder / "train", {"file_name": "x.png", "question": "q", "answer": "1"}, name="metadata.jsonl")
    (sample,) = HFDatasetReader(str(folder), columns={"images": "image"})()
    assert sample.load_images()[0].size == (4, 3)


def test_a_missing_data_set(tmp_path, hf_cache):
    missing = str(tmp_path / "missing")
    assert error_of(HFDatasetReader(missing)) == f"{missing}: no such folder, and not a name on the hub"
    (tmp_path / "empty").mkdir()
    assert "cannot be loaded: " in error_of(HFDatasetReader(str(tmp_path / "empty")))


def test_a_folder_below_the_root_comes_first(tmp_path, hf_cache, monkeypatch):
    for home in ("mydata", "elsewhere"):
        datasets.Dataset.from_list([{"question": home, "answer": "1"}]).save_to_disk(tmp_path / home / "own" / "gsm")
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in ("own/gsm", "./own/gsm"):
        (sample,) = read_all([HFDatasetReader(name)], tmp_path / "mydata")
        assert sample.question == "mydata"
        (sample,) = read_all([HFDatasetReader(name)], tmp_path / "not_there")
        assert sample.question == "elsewhere"


def test_a_mistyped_folder_is_not_looked_for_on_the_hub(tmp_path, monkeypatch):
    (tmp_path / "mydata").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("mydata/gms", "./gms", str(tmp_path / "gms")):
        assert error_of(lambda name=name: list(HFDatasetReader(name)())).startswith(f"{name}: no such folder")
