import pytest

from evaluation.made_layouts import plain, write_rows
from revisual.core.errors import UserError
from revisual.evaluation.benchmarks import MMMU
from revisual.evaluation.presets import OFFICIAL


def test_mmmu_has_several_pictures_and_two_kinds_of_questions(tmp_path):
    row = {"id": "validation_Art_Theory_3", "question": "<image 1> or <image 2>?", "options": "['red', 'it\\'s blue']"}
    row |= {"answer": "B", "topic_difficulty": "Easy", "question_type": "multiple-choice", "subfield": "s"}
    row |= {f"image_{n}": None for n in range(3, 8)} | {"image_1": plain("red"), "image_2": plain("blue")}
    other = row | {"id": "validation_Math_1", "options": "[]", "answer": "7", "question_type": "open"}
    write_rows(tmp_path / "lmms-lab/MMMU/data/validation-00000-of-00001.parquet", [row, other])
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
    write_rows(tmp_path / "mmmu/validation.jsonl", [row | {"question_type": "multiple-choice"}])
    with pytest.raises(UserError, match="line 1: options are no list of texts"):
        list(MMMU().items(tmp_path))
