"""A class is read by its name, wherever a data set keeps it."""

import datasets
import pytest
from datasets import ClassLabel, Value

from revisual.data.readers import HFDatasetReader, ParquetReader
from revisual.data.readers.class_labels import has_classes, with_class_names

ANIMALS = ClassLabel(names=["cat", "dog", "hen"])


@pytest.fixture
def animals(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    features = {"question": Value("string"), "answer": ANIMALS, "meta": {"label": ANIMALS, "number": Value("int64")}}
    rows = [{"question": "Which?", "answer": k, "meta": {"label": (k + 1) % 3, "number": k}} for k in (2, 0)]
    return datasets.Dataset.from_list(rows, features=datasets.Features(features))


@pytest.mark.parametrize("kind", ["saved", "parquet", "folder of parquet"])
def test_the_answer_is_the_name(animals, tmp_path, kind):
    folder = tmp_path / "data"
    if kind == "saved":
        animals.save_to_disk(folder)
    else:
        folder.mkdir()
        animals.to_parquet(folder / "train.parquet")

    def read(**columns):
        if kind == "parquet":
            return ParquetReader(folder / "train.parquet", columns=columns)()
        return HFDatasetReader(str(folder), columns=columns)()

    assert [sample.answer for sample in read()] == ["hen", "cat"]
    assert [sample.answer for sample in read(answer="meta.label")] == ["cat", "dog"]
    assert [sample.answer for sample in read(answer="meta.number")] == ["2", "0"]


def test_lists_nested_ones_and_what_is_not_told():
    features = datasets.Features(
        {
            "all": datasets.List(ANIMALS),
            "boxes": datasets.List({"label": ANIMALS, "side": Value("int64")}),
            "hidden": ANIMALS,
            "none": ANIMALS,
        }
    ).to_dict()
    values = {"all": [0, 2], "boxes": [{"label": 1, "side": 1}], "hidden": -1, "none": None, "other": 1}
    assert with_class_names(values, features) == {
        "all": ["cat", "hen"], "boxes": [{"label": "dog", "side": 1}], "hidden": None, "none": None, "other": 1,
    }  # fmt: skip
    assert has_classes(features) and not has_classes({"number": {"dtype": "int64", "_type": "Value"}})
