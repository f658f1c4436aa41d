"""A sample as turns."""

from PIL import Image

from revisual.data.conversation import conversation, question_text
from revisual.data.images import ImageSource
from revisual.data.sample import Sample

PICTURED = Sample("1", "Which?", images=[ImageSource(image=Image.new("RGB", (4, 4)))] * 2, choices=["red", "blue"])


def user(*content):
    return {"role": "user", "content": list(content)}


def test_pictures_then_the_question_then_its_choices():
    (turn,) = conversation(PICTURED, None)
    text = {"type": "text", "text": "Which?\nChoices:\nA. red\nB. blue"}
    assert turn == user({"type": "image"}, {"type": "image"}, text)


def test_choices_that_carry_their_letters_get_no_others(encoder):
    carried = Sample("1", "Which?", choices=["A. red", "B. blue"])
    assert question_text(carried) == question_text(PICTURED) == "Which?\nChoices:\nA. red\nB. blue"
    assert "A. A." not in encoder.render(carried)


def test_other_words_may_stand_for_the_question():
    assert conversation(Sample("1", "Which?"), None, "Look: which?") == [user({"type": "text", "text": "Look: which?"})]


def test_a_samples_own_turns_stay_and_one_system_turn_is_enough():
    own = [{"role": "system", "content": "Own."}, {"role": "user", "content": "Hi."}]
    assert conversation(Sample("1", messages=own), "Given.") == own
    assert conversation(Sample("1", messages=own[1:]), "Given.")[0] == {"role": "system", "content": "Given."}
    assert conversation(Sample("1", messages=own[1:]), None, "Not asked.") == own[1:]
    assert own[0]["content"] == "Own."


def test_numbered_marks_place_the_pictures():
    pictures = PICTURED.images
    (turn,) = conversation(Sample("1", "<image 1> AB=3.\n<image 2> CD=4?", images=pictures, choices=["7", "12"]), None)
    first, second = {"type": "text", "text": " AB=3."}, {"type": "text", "text": " CD=4?\nChoices:\nA. 7\nB. 12"}
    assert turn == user({"type": "image"}, first, {"type": "image"}, second)
    text = "Is <image 2> in <image 1>?"
    (turn,) = conversation(Sample("1", text, images=pictures), None)
    assert turn == user({"type": "image"}, {"type": "image"}, {"type": "text", "text": text})
