"""Coloured shapes on a small grid: to be described, counted in a picture, or counted in words."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image, ImageDraw

from revisual.data.synthetic.task import Question, SyntheticTask

COLOURS = {"red": (214, 39, 40), "green": (44, 160, 44), "blue": (31, 119, 180), "yellow": (240, 200, 20)}
FORMS = ("circle", "square", "triangle")
CELL = 28
"""Pixels: one picture token of a Qwen2.5-VL policy covers a square of this size."""
RADIUS, JITTER = 9, 3
"""Of a shape, and the most that it lies off the middle of its cell; in pixels."""


@dataclass(frozen=True)
class Shape:
    """One shape and its offset from the middle of its cell."""

    colour: str
    form: str
    dx: int = 0
    dy: int = 0

    def __str__(self) -> str:
        return f"{self.colour} {self.form}"


@dataclass(frozen=True)
class CaptionTask(SyntheticTask):
    """A picture, to be described row by row."""

    cells: int = 2
    """Per side of the grid."""

    name: ClassVar[str] = "captions"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        shapes = [_jittered(rng, rng.choice(list(COLOURS)), rng.choice(FORMS)) for _ in range(self.cells**2)]
        caption = _listed(shapes)
        return Question(repr(shapes), "What is there?", caption, caption, draw_shapes(shapes, self.cells))


@dataclass(frozen=True)
class ShapesTask(SyntheticTask):
    """A picture: how many shapes are of one colour, or of one form.

    The answer is drawn first, evenly from 0 to the number of cells n, and every cell is filled: an answer without
    looking is right with probability 1 / (n + 1), and so is one that cannot tell shapes apart.
    """

    cells: int = 2

    name: ClassVar[str] = "shapes"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        asked, noun, shapes = _counting(rng, self.cells**2)
        return Question(
            key=f"{asked} {shapes}",
            text=f"How many {noun} are there?",
            answer=str(sum(asked in str(shape) for shape in shapes)),
            solution=_count(shapes, asked),
            picture=draw_shapes(shapes, self.cells),
        )


@dataclass(frozen=True)
class WordsTask(SyntheticTask):
    """The question of `ShapesTask` about shapes that are listed in words, with thoughts that count as they go.

    Example: of `red circle, blue square, red square, green circle`, red ones are counted as
    `red circle 1 blue square 1 red square 2 green circle 2`.
    """

    shapes: int = 4

    name: ClassVar[str] = "words"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        asked, noun, shapes = _counting(rng, self.shapes)
        text = f"There are {_listed(shapes)}. How many {noun} are there?"
        answer = str(sum(asked in str(shape) for shape in shapes))
        return Question(text, text, answer, _count(shapes, asked))


def draw_shapes(shapes: Sequence[Shape], cells: int) -> Image.Image:
    """A white picture of `cells` by `cells` cells, with one shape in each, row by row."""
    image = Image.new("RGB", (cells * CELL, cells * CELL), "white")
    draw = ImageDraw.Draw(image)
    r = RADIUS
    for place, shape in enumerate(shapes):
        x, y = (place % cells) * CELL + CELL // 2 + shape.dx, (place // cells) * CELL + CELL // 2 + shape.dy
        if shape.form == "circle":
            draw.ellipse((x - r, y - r, x + r, y + r), COLOURS[shape.colour])
        elif shape.form == "square":
            draw.rectangle((x - r + 1, y - r + 1, x + r - 1, y + r - 1), COLOURS[shape.colour])
        else:
            draw.polygon(((x, y - r), (x - r, y + r - 1), (x + r, y + r - 1)), COLOURS[shape.colour])
    return image


def _counting(rng: random.Random, number: int) -> tuple[str, str, list[Shape]]:
    by_colour = rng.random() < 0.5
    values = list(COLOURS) if by_colour else list(FORMS)
    others = list(FORMS) if by_colour else list(COLOURS)
    asked, answer = rng.choice(values), rng.randint(0, number)
    rest = [value for value in values if value != asked]
    chosen = [asked] * answer + [rng.choice(rest) for _ in range(number - answer)]
    rng.shuffle(chosen)
    pairs = [(value, rng.choice(others)) for value in chosen]
    shapes = [_jittered(rng, *(pair if by_colour else reversed(pair))) for pair in pairs]
    return asked, f"{asked} shapes" if by_colour else f"{asked}s", shapes


def _jittered(rng: random.Random, colour: str, form: str) -> Shape:
    return Shape(colour, form, rng.randint(-JITTER, JITTER), rng.randint(-JITTER, JITTER))


def _listed(shapes: Sequence[Shape]) -> str:
    return ", ".join(str(shape) for shape in shapes)


def _count(shapes: Sequence[Shape], asked: str) -> str:
    count, steps = 0, []
    for shape in shapes:
        count += asked in str(shape)
        steps.append(f"{shape} {count}")
    return " ".join(steps)
