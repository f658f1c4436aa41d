"""What is likely to be wrong with samples."""

from pathlib import Path

import pytest

from revisual.data.doubts import find_doubts, is_index
from revisual.data.images import ImageSource
from revisual.data.sample import Sample

PICTURE = [ImageSource(path="a.png", root=Path("data"))]


@pytest.mark.parametrize(
    "question",
    ["<image>What is it?", "In the figure, AB = 3.", "As shown in the diagram, find x.", "Look at the chart below.",
     "What is the man in this image doing?", "See the given figure. What is x?"],
)  # fmt: skip
def test_a_question_that_names_a_picture_without_one(question):
    samples = [Sample("a", question), Sample("b", "What is 6 * 7?")]
    (line,) = find_doubts(samples)
    assert line.startswith("1 of 2 questions name a picture and have none; the first, a: ") and question[:40] in line
    assert not list(find_doubts([Sample("a", question, images=PICTURE)]))


def test_marks_and_pictures_of_other_numbers():
    samples = [Sample("a", "<image>What?", images=PICTURE), Sample("b", "<image><image> Compare.", images=PICTURE)]
    (line,) = find_doubts(samples)
    assert line == (
        "1 of 2 questions have other numbers of <image> marks and of pictures; the first, b: 2 marks, 1 pictures; "
        "the marks stay as words"
    )


def test_numbered_marks():
    assert not list(find_doubts([Sample("a", "<image 2> or <image 1>? In <image 1>, ...", images=PICTURE * 2)]))
    for marks, question in ((3, "What is in <image 3>?"), (1, "<image 1>What?")):
        (line,) = find_doubts([Sample("a", question, images=PICTURE * 2)])
        assert f"the first, a: {marks} marks, 2 pictures" in line
    (line,) = find_doubts([Sample("a", "What is in <image 1>?")])
    assert line.startswith("1 of 1 questions name a picture and have none")
    turns = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is in <image 2>?"}]}]
    assert "2 marks, 1 pictures" in next(find_doubts([Sample("a", messages=turns, images=PICTURE)]))


@pytest.mark.parametrize(
    "question", ["Find the graph of y = x.", "How many photos has she?", "Imagine a picture frame of 3 x 4.",
                 "What is shaded in the diagram? [asy]draw((0,0)--(1,1));[/asy]", "Picture this: 7 apples."],
)  # fmt: skip
def test_others_are_left_in_peace(question):
    assert not list(find_doubts([Sample("a", question)]))


@pytest.mark.parametrize(
    ("answer", "choices", "wanted"),
    [
        ("0", ["red", "blue"], True),
        ("2", ["red", "blue"], True),  # counted from 1
        ("3", ["red", "blue"], False),
        ("1", ["1", "2"], False),
        ("1", ["A. 1 cm", "B. 2 cm"], False),
        ("1", ["11 cm", "0.1 cm"], True),
        ("B", ["red", "blue"], False),
        ("blue", ["red", "blue"], False),
        ("1", None, False),
    ],
)
def test_an_index_beside_choices(answer, choices, wanted):
    assert is_index(Sample("a", "Which?", answer, choices=choices)) is wanted


def test_indices_are_counted_among_questions_with_choices():
    choices = ["red", "blue"]
    samples = [Sample("a", "?", "A", choices=choices), Sample("b", "?", "1", choices=choices), Sample("c", "?", "7")]
    (line,) = find_doubts(samples)
    assert line.startswith("1 of 2 answers beside choices are a number that is none of them; the first, b: '1'")
