import pytest
from PIL import Image

from revisual.data.images import ImageSource
from revisual.data.sample import Sample
from revisual.data_recipes.bridging.filters import (
    Candidate,
    ConsistentThoughts,
    PlainThoughts,
    RightAnswer,
    SpeaksOfThePicture,
    ThoughtLength,
)

SAMPLE = Sample("q", "How many?", "3", images=[ImageSource(image=Image.new("RGB", (4, 4)))])


@pytest.mark.parametrize(
    "text",
    [
        "The description of the shape is short.",
        "I can't see the image, so I guess.",
        "Without seeing the actual picture, I assume that",
        "The user described a triangle.",
        "From the textual information alone",
        "The figure is not provided.",
        "These captions say otherwise; the caption is wrong",
    ],
)
def test_talk_of_words_in_the_pictures_place(text):
    assert SpeaksOfThePicture()(Candidate(SAMPLE, "", text))


@pytest.mark.parametrize(
    "text",
    [
        "In the image, AB is 3, as the label shows.",
        "A circle is described by its radius; the diagram is given at scale 1:2.",
        "We cannot see how to factor this, so without loss of generality let a > b.",
        "The question asks for x. The text in the picture reads 42.",
    ],
)
def test_talk_that_may_stay(text):
    assert SpeaksOfThePicture()(Candidate(SAMPLE, "", text)) is None


@pytest.mark.parametrize(
    ("filter", "response", "thoughts", "fault"),
    [
        (RightAnswer(), "<think>Hm</think>\\boxed{3.0}", "", None),
        (RightAnswer(), "<think>\\boxed{3}</think>\\boxed{4}", "", "wrong answer"),
        (RightAnswer(), "<think>3, surely.", "", "no answer"),
        (RightAnswer(), "x" * 1_000_001, "", "no verdict: too_long"),
        (ConsistentThoughts(), "", "No box at all.", None),
        (ConsistentThoughts(), "", "So \\boxed{3}.", None),
        (ConsistentThoughts(), "", "So \\boxed{4}.", "the thoughts box another answer"),
        (ThoughtLength(5, 8), "", "four", "too short"),
        (ThoughtLength(5, 8), "", "fives", None),
        (ThoughtLength(5, 8), "", "nine long", "too long"),
        (PlainThoughts(), "", "a < b and b > c | d", None),
        (PlainThoughts(), "", "a </think> b", "holds </think>"),
        (PlainThoughts(), "", "<|im_end|>", "holds <|im_end|>"),
    ],
)
def test_filters(filter, response, thoughts, fault):
    assert filter(Candidate(SAMPLE, response, thoughts)) == fault
