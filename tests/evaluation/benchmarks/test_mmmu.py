import json

import pytest
from datasets import Dataset, Features, Image, Value
from PIL import Image as Pictures

from revisual.core.errors import UserError
from revisual.evaluation.benchmarks import (
    MMMU,
)
from revisual.evaluation.presets import OFFICIAL


def picture(colour):
    return Pictures.new("RGB", (8, 6), colour)


def on_hub(folder, split, rows, **features):
    """A folder as a snapshot of the hub has it."""
    columns = {name: features.get(name, Value("string")) for name in rows[0]}
    (folder / "data").mkdir(parents=True, exist_ok=True)
    Dataset.from_list(rows, Features(columns)).to_parquet(folder / f"data/{split}-00000-of-00001.parquet")


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


def test_mmmu_has_several_pictures_and_two_kinds_of_questions(tmp_path):
    row = {"id": "validation_Art_Theory_3", "question": "<image 1> or <image 2>?", "options": "['red', 'it\\'s blue']"}
    row |= {"answer": "B", "topic_difficulty": "Easy", "question_type": "multiple-choice", "subfield": "s"}
    row |= {f"image_{n}": None for n in range(3, 8)} | {"image_1": picture("red"), "image_2": picture("blue")}
    other = row | {"id": "validation_Math_1", "options": "[]", "answer": "7", "question_type": "open"}
    features = {f"image_{n}": Image() for n in range(1, 8)}
    on_hub(tmp_path / "lmms-lab/MMMU", "validation", [row, other], **features)
    choice, free = MMMU().items(tmp_path)
    assert [one.getpixel((0, 0)) for one in choice.sample.load_images()] == [(255, 0, 0), (0, 0, 255)]
    assert (choice.fields["subject"], free.fields["subject"]) == ("Art_Theory", "Math")
    asked = MMMU().prompt(choice, OFFICIAL)
    assert asked.endswith(
        "(A) red\n(B) it's blue\n\n\nAnswer with the option's letter from the given choices directly."
    )
    assert MMMU().prompt(free, OFFICIAL).endswith("\n\nAnswer the question using a single word or phrase.")


def test_options_that_are_no_list_are_not_evaluated(tmp_path):
    row = {"id": "validation_Art_1", "question": "?", "options": "__import__('os').getcwd()", "answer": "A"}
    lines(tmp_path / "mmmu/validation.jsonl", [row | {"question_type": "multiple-choice"}])
    with pytest.raises(UserError, match="line 1: options are no list of texts"):
        list(MMMU().items(tmp_path))
