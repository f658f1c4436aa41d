"""Pictures of shapes and bars."""

from revisual.data.synthetic.shapes import COLOURS, ShapesTask


def test_the_answer_is_in_the_picture():
    for sample in ShapesTask(count=60)():
        picture = sample.images[0].image
        colours = {colour for _, colour in picture.getcolors(picture.width * picture.height)}
        if sample.answer in COLOURS:
            assert COLOURS[sample.answer] in colours
