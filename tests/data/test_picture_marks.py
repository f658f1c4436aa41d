"""Marks of pictures in texts."""

import pytest

from revisual.data.picture_marks import count_marked, place_between, split_at_numbers


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Find x.", 0),
        ("<image>Find x.", 1),
        ("<image> or <image>?", 2),
        ("<image 1> or <image2>? In <image 1>, ...", 2),
        ("What is in <image 3>?", 3),
        ("<images>, <img> and <image one>", 0),
    ],
)
def test_pictures_are_counted(text, count):
    assert count_marked(text) == count


@pytest.mark.parametrize(
    ("text", "pictures", "texts"),
    [
        ("<image 1> AB=3. <image 2> CD=4?", 2, ["", " AB=3. ", " CD=4?"]),
        ("Which?\n<image1>", 1, ["Which?\n", ""]),
        ("<image 2> or <image 1>?", 2, None),
        ("<image 1> or <image 1>?", 1, None),
        ("<image 1>?", 2, None),
        ("<image>?", 1, None),
        ("Which?", 0, None),
    ],
)
def test_a_text_is_split_where_each_picture_is_named_once_in_order(text, pictures, texts):
    assert split_at_numbers(text, pictures) == texts


def test_places_stand_between_texts():
    picture = {"type": "image"}
    assert place_between(["", "\nWhich?\n", ""]) == [picture, {"type": "text", "text": "Which?"}, picture]
