"""Coloured shapes on a small grid: which belong together, seen in a picture or read in words."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image, ImageDraw

from revisual.data.synthetic.task import Question, SyntheticTask

COLOURS = {"red": (214, 39, 40), "green": (44, 160, 44), "blue": (31, 119, 180), "yellow": (240, 200, 20)}
FORMS = ("circle", "square", "triangle")
CELLS = 2
"""Per side of the grid."""
CELL = 28
"""Pixels: one picture token of a Qwen2.5-VL policy covers a square of this size."""
RADIUS, JITTER = 9, 3
"""Of a shape, and the most that it lies off the middle of its cell; in pixels."""


@dataclass(frozen=True, order=True)
class Shape:
    """One shape, its cell of the grid, counted row by row, and its offset from the cell's middle in pixels."""

    place: int
    colour: str
    form: str
    dx: int = 0
    dy: int = 0

    def __str__(self) -> str:
        return f"{self.colour} {self.form}"


@dataclass(frozen=True)
class ShapesTask(SyntheticTask):
    """A picture of two shapes of different forms and colours: the colour of one form, or the form of one colour.

    An answer without looking is right with probability 1/4 for a colour and 1/3 for a form, 7/24 in all; one that
    sees what is there but not what belongs together is right half the time.
    """

    name: ClassVar[str] = "shapes"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        shapes = _two_shapes(rng)
        text, answer = _ask(rng, rng.choice(shapes))
        return Question(f"{text} {shapes}", text, answer, _listed(shapes), draw_shapes(shapes))


@dataclass(frozen=True)
class CaptionTask(SyntheticTask):
    """The pictures of `ShapesTask`, to be described."""

    name: ClassVar[str] = "captions"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        shapes = _two_shapes(rng)
        return Question(f"{shapes}", "What is there?", _listed(shapes), _listed(shapes), draw_shapes(shapes))


@dataclass(frozen=True)
class WordsTask(SyntheticTask):
    """The questions of `ShapesTask` about shapes that a text names.

    Example: `There are: red circle, blue square. What colour is the circle?`
    """

    name: ClassVar[str] = "words"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        shapes = _two_shapes(rng)
        text, answer = _ask(rng, rng.choice(shapes))
        text = f"There are: {_listed(shapes)}. {text}"
        return Question(text, text, answer, _listed(shapes))


def draw_shapes(shapes: Sequence[Shape]) -> Image.Image:
    """A white picture of `CELLS` by `CELLS` cells, with `shapes` in theirs."""
    image = Image.new("RGB", (CELLS * CELL, CELLS * CELL), "white")
    draw = ImageDraw.Draw(image)
    r = RADIUS
    for shape in shapes:
        row, column = divmod(shape.place, CELLS)
        x, y = column * CELL + CELL // 2 + shape.dx, row * CELL + CELL // 2 + shape.dy
        if shape.form == "circle":
            draw.ellipse((x - r, y - r, x + r, y + r), COLOURS[shape.colour])
        elif shape.form == "square":
            draw.rectangle((x - r + 1, y - r + 1, x + r - 1, y + r - 1), COLOURS[shape.colour])
        else:
            draw.polygon(((x, y - r), (x - r, y + r - 1), (x + r, y + r - 1)), COLOURS[shape.colour])
    return image


def _two_shapes(rng: random.Random) -> list[Shape]:
    parts = zip(rng.sample(range(CELLS**2), 2), rng.sample(list(COLOURS), 2), rng.sample(FORMS, 2), strict=True)
    return sorted(Shape(*part, rng.randint(-JITTER, JITTER), rng.randint(-JITTER, JITTER)) for part in parts)


def _ask(rng: random.Random, shape: Shape) -> tuple[str, str]:
    if rng.random() < 0.5:
        return f"What colour is the {shape.form}?", shape.colour
    return f"What form is {shape.colour}?", shape.form


def _listed(shapes: Sequence[Shape]) -> str:
    return ", ".join(str(shape) for shape in shapes)
