"""Rows of JSON lines, and the samples that are made of them."""

import pytest
from PIL import Image

from revisual.data.images import ImageSource
from revisual.data.readers import JSONLReader

from .reading import GOOD, error_of, jsonl


def test_a_row_without_ids_and_with_every_default(tmp_path):
    (sample,) = JSONLReader(jsonl(tmp_path, "", {"question": "What is 6 * 7?", "answer": 42}))()
    assert (sample.id, sample.question, sample.answer) == ("train:2", "What is 6 * 7?", "42")
    assert (sample.source, sample.images, sample.choices, sample.solution) == ("", (), None, None)
    assert (sample.messages, sample.extra) == (None, {})


def test_columns_of_the_same_name_are_read(tmp_path):
    row = GOOD | {"source": "s", "choices": ["42", 43.5], "solution": "6 * 7 = 42", "extra": {"level": 1}}
    (sample,) = JSONLReader(jsonl(tmp_path, row))()
    assert (sample.id, sample.source, sample.choices) == ("a", "s", ("42", "43.5"))
    assert (sample.solution, sample.extra) == ("6 * 7 = 42", {"level": 1})


def test_columns_are_mapped_and_may_be_nested(tmp_path):
    row = {"problem": "q", "gold": {"value": 7}, "a.b": "dotted", "extra": None}
    columns = {"question": "problem", "answer": "gold.value", "solution": "a.b", "source": "extra.source"}
    (sample,) = JSONLReader(jsonl(tmp_path, row), columns=columns)()
    assert (sample.question, sample.answer, sample.solution, sample.source) == ("q", "7", "dotted", "")


def test_a_fixed_source_overrides_the_column(tmp_path):
    (sample,) = JSONLReader(jsonl(tmp_path, GOOD | {"source": "column"}), source="fixed")()
    assert sample.source == "fixed"


@pytest.mark.parametrize(("value", "text"), [(42, "42"), (18.5, "18.5"), (True, "True"), (1e20, "1e+20")])
def test_numbers_become_text(tmp_path, value, text):
    (sample,) = JSONLReader(jsonl(tmp_path, {"question": "q", "answer": value, "id": 7}))()
    assert (sample.answer, sample.id) == (text, "7")


def test_one_picture_or_a_list(tmp_path):
    path = jsonl(tmp_path, GOOD | {"images": "x.png"}, GOOD | {"id": "b", "images": ["x.png", "y.png"]})
    Image.new("RGB", (4, 3)).save(tmp_path / "x.png")
    one, two = JSONLReader(path)()
    assert one.images == (ImageSource(path="x.png", root=tmp_path),)
    assert one.load_images()[0].size == (4, 3)
    assert [image.path for image in two.images] == ["x.png", "y.png"]
    assert "sample 'b': picture" in error_of(two.load_images)


def test_root_is_the_files_folder_unless_set(tmp_path):
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (4, 3)).save(tmp_path / "pictures" / "x.png")
    path = jsonl(tmp_path, GOOD | {"images": ["x.png"]})
    (sample,) = JSONLReader(path)()
    assert f"{tmp_path / 'x.png'} does not exist" in error_of(sample.load_images)
    (sample,) = JSONLReader(path, root=tmp_path / "pictures")()
    assert sample.load_images()[0].size == (4, 3)


def test_pictures_do_not_leave_the_folder(tmp_path):
    Image.new("RGB", (4, 3)).save(tmp_path / "secret.png")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    rows = [
        GOOD | {"id": name, "images": [name]} for name in ("link.png", "../secret.png", str(tmp_path / "secret.png"))
    ]
    for sample in JSONLReader(jsonl(folder, *rows))():
        assert "outside the data folder" in error_of(sample.load_images)


@pytest.mark.parametrize(
    ("question", "images", "want"),
    [
        ("<image>\nFind x.", ["a"], "Find x."),
        ("In <image> and <image>", ["a", "b"], "In  and"),
        ("<image> Find x.", ["a", "b"], "<image> Find x."),
        ("What does <image> mean in HTML?", [], "What does <image> mean in HTML?"),
        (" no mark ", ["a"], " no mark "),
    ],
)
def test_image_marks_go_if_there_is_one_per_picture(tmp_path, question, images, want):
    (sample,) = JSONLReader(jsonl(tmp_path, GOOD | {"question": question, "images": images}))()
    assert sample.question == want


def test_messages_stand_in_for_a_question(tmp_path):
    messages = [{"role": "user", "content": [{"type": "text", "text": "q", "image": None}]}]
    (sample,) = JSONLReader(jsonl(tmp_path, {"messages": messages, "answer": "1"}))()
    assert sample.question == ""
    assert sample.messages == ({"role": "user", "content": [{"type": "text", "text": "q"}]},)


def test_limit_and_calling_again(tmp_path):
    path = jsonl(tmp_path, *(GOOD | {"id": str(i)} for i in range(3)), "broken, but behind the limit")
    reader = JSONLReader(path, limit=2)
    assert [sample.id for sample in reader()] == [sample.id for sample in reader()] == ["0", "1"]


def test_answers_may_be_left_out(tmp_path):
    (sample,) = JSONLReader(jsonl(tmp_path, {"question": "q"}), require_answer=False)()
    assert sample.answer == ""


def test_part_of_a_solution_is_cut_out(tmp_path):
    path = jsonl(tmp_path, {**GOOD, "solution": "6 * 7 = <<6*7=42>>42"}, {**GOOD, "id": "b"})
    first, second = JSONLReader(path, solution_without="<<[^>]*>>")()
    assert (first.solution, second.solution) == ("6 * 7 = 42", None)
