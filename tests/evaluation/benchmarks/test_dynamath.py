import pytest
from datasets import Dataset, Features, Image, Value
from PIL import Image as Pictures

from evaluation.answers_of import Textual, answer
from revisual.evaluation.benchmarks import (
    DynaMath,
)


def picture(colour):
    return Pictures.new("RGB", (8, 6), colour)


def on_hub(folder, split, rows, **features):
    """A folder as a snapshot of the hub has it."""
    columns = {name: features.get(name, Value("string")) for name in rows[0]}
    (folder / "data").mkdir(parents=True, exist_ok=True)
    Dataset.from_list(rows, Features(columns)).to_parquet(folder / f"data/{split}-00000-of-00001.parquet")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


def test_dynamath_reads_ten_splits(tmp_path):
    for variant in range(1, 11):
        row = {"id": "5", "question": f"{variant} + 1?", "image": "x.png", "decoded_image": picture("blue")}
        row |= {"ground_truth": f"{variant + 1}.0", "answer_type": "float", "subject": "s", "knowledge_level": "high"}
        folder = tmp_path / "DynaMath_Sample"
        on_hub(folder, f"sample_variant{variant}", [row], decoded_image=Image())
    items = list(DynaMath().items(tmp_path))
    assert [(one.sample.id, one.sample.answer) for one in items] == [(f"q5_v{n}", f"{n + 1}.0") for n in range(1, 11)]
    assert items[3].fields == {"qid": "5", "variant": 4, "answer_type": "float", "subject": "s", "level": "high"}
    answers = [answer(one.sample.id, 1, **one.fields) for one in items]
    assert DynaMath().metrics(answers, Textual()).headline.value == 1.0
