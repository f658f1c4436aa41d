"""Colored shapes in pictures, and colored things in words."""

import random
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image, ImageDraw
from typing_extensions import override

from revisual.data.synthetic.task import Question, SyntheticTask

COLOURS = {"red": (214, 39, 40), "green": (44, 160, 44), "blue": (31, 119, 180), "yellow": (240, 200, 20)}
FORMS = ("circle", "square", "triangle")
SIDE = 56
"""Of a picture, in pixels: four picture tokens of a Qwen2.5-VL policy."""

FILLERS = ("", *(
    f"{word}. " for word in
    ("Tell me", "Think", "Say it", "Look", "Now", "Next", "Well", "Listen", "So", "Then", "And now", "Again",
     "Once more", "A question", "Answer", "Think well", "Take time", "One more", "Go on")
))  # fmt: skip

THINGS = {
    "grass": "green", "a leaf": "green", "a frog": "green", "blood": "red", "a tomato": "red", "a rose": "red",
    "the sky": "blue", "the sea": "blue", "ink": "blue", "the sun": "yellow", "a lemon": "yellow", "gold": "yellow",
    "a coin": "circle", "a wheel": "circle", "a plate": "circle", "a box": "square", "a tile": "square",
    "a stamp": "square", "a tent": "triangle", "a sail": "triangle", "a roof": "triangle",
}  # fmt: skip

THINGS_WITH_HEIGHTS = ("a bar", "a wall", "a tree", "a man", "a house", "a door")


@dataclass(frozen=True)
class Shape:
    """One shape; its middle and radius in pixels."""

    colour: str
    form: str
    x: int
    y: int
    radius: int


@dataclass(frozen=True)
class ShapesTask(SyntheticTask):
    """A picture of one shape: its color, or its form.

    An answer without looking is right with probability 1/4 for a color and 1/3 for a form: 7/24 in all.
    """

    describe: bool = False
    """Ask for a description in place of a color or a form."""

    name: ClassVar[str] = "shapes"

    @override
    def question(self, rng: random.Random) -> Question:
        colour, form = rng.choice(list(COLOURS)), rng.choice(FORMS)
        shape = Shape(colour, form, SIDE // 2 + rng.randint(-4, 4), SIDE // 2 + rng.randint(-4, 4), rng.randint(14, 18))
        by_form = rng.random() < 0.5
        text, answer = ("What colour is it?", colour) if by_form else ("What form is it?", form)
        if self.describe:
            text, answer = "What is there?", f"{colour} {form}"
        solution = answer if self.describe else f"it is {answer}"
        return Question(f"{text} {shape}", text, answer, solution, draw_shape(shape))


@dataclass(frozen=True)
class ThingsTask(SyntheticTask):
    """The questions asked of pictures, about things that are named in words: their color, form or height.

    Example: `There is grass. What colour is it?` is thought of as `it is green`.
    """

    name: ClassVar[str] = "things"

    @override
    def question(self, rng: random.Random) -> Question:
        filler = rng.choice(FILLERS)
        if rng.random() < 0.4:
            thing, height = rng.choice(THINGS_WITH_HEIGHTS), str(rng.randint(1, 4))
            text = f"{filler}There is {thing} of {height}. How tall is it?"
            return Question(text, text, height, f"it is {height}")
        thing, answer = rng.choice(list(THINGS.items()))
        aspect = "colour" if answer in COLOURS else "form"
        text = f"{filler}There is {thing}. What {aspect} is it?"
        return Question(text, text, answer, f"it is {answer}")


def draw_shape(shape: Shape) -> Image.Image:
    """Draw one shape on a white picture."""
    image = Image.new("RGB", (SIDE, SIDE), "white")
    draw, (x, y, r) = ImageDraw.Draw(image), (shape.x, shape.y, shape.radius)
    if shape.form == "circle":
        draw.ellipse((x - r, y - r, x + r, y + r), COLOURS[shape.colour])
    elif shape.form == "square":
        draw.rectangle((x - r + 1, y - r + 1, x + r - 1, y + r - 1), COLOURS[shape.colour])
    else:
        draw.polygon(((x, y - r), (x - r, y + r - 1), (x + r, y + r - 1)), COLOURS[shape.colour])
    return image
