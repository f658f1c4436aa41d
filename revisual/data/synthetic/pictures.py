"""Small pictures with questions that cannot be answered without them."""

import random
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image, ImageDraw

from revisual.data.synthetic.task import Question, SyntheticTask

COLOURS = {"red": (214, 39, 40), "green": (44, 160, 44), "blue": (31, 119, 180), "yellow": (240, 200, 20)}
FORMS = ("circle", "square", "triangle")
CELL = 28
"""Pixels: one picture token of a Qwen2.5-VL policy covers a square of this size."""


@dataclass(frozen=True)
class ShapesTask(SyntheticTask):
    """Coloured shapes on a grid: how many are of one colour, or of one form.

    The answer is drawn first, evenly from 0 to `most`, so that an answer without looking is right with probability
    1 / (most + 1).
    """

    cells: int = 3
    most: int = 4

    name: ClassVar[str] = "shapes"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        by_colour = rng.random() < 0.5
        values = list(COLOURS) if by_colour else list(FORMS)
        asked, answer = rng.choice(values), rng.randint(0, self.most)
        others = rng.randint(1, self.cells**2 - self.most)
        chosen = [asked] * answer + [rng.choice([v for v in values if v != asked]) for _ in range(others)]
        rng.shuffle(chosen)
        places = sorted(rng.sample(range(self.cells**2), len(chosen)))
        shapes = []
        for place, value in zip(places, chosen, strict=True):
            other = rng.choice(list(FORMS) if by_colour else list(COLOURS))
            colour, form = (value, other) if by_colour else (other, value)
            shapes.append((place, colour, form, rng.randint(-3, 3), rng.randint(-3, 3)))
        noun = f"{asked} shapes" if by_colour else f"{asked}s"
        return Question(
            key=f"{asked} {shapes}",
            text=f"How many {noun} are there?",
            answer=str(answer),
            solution=f"{noun}: {answer}",
            picture=_draw_shapes(self.cells, shapes),
        )


@dataclass(frozen=True)
class BarsTask(SyntheticTask):
    """Bars of different heights in different colours: which is the tallest, or the shortest.

    An answer without looking is right with probability 1 / number of bars.
    """

    bars: int = 4
    levels: int = 9

    name: ClassVar[str] = "bars"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        colours = rng.sample(list(COLOURS), self.bars)
        heights = rng.sample(range(1, self.levels + 1), self.bars)
        word, choose = rng.choice((("tallest", max), ("shortest", min)))
        answer = colours[heights.index(choose(heights))]
        return Question(
            key=f"{word} {colours} {heights}",
            text=f"Which bar is the {word}?",
            answer=answer,
            solution=f"{word} bar: {answer}",
            picture=_draw_bars(colours, heights, self.levels),
        )


def _draw_shapes(cells: int, shapes: list[tuple[int, str, str, int, int]]) -> Image.Image:
    image = Image.new("RGB", (cells * CELL, cells * CELL), "white")
    draw = ImageDraw.Draw(image)
    for place, colour, form, dx, dy in shapes:
        x, y, r = (place % cells) * CELL + CELL // 2 + dx, (place // cells) * CELL + CELL // 2 + dy, 9
        if form == "circle":
            draw.ellipse((x - r, y - r, x + r, y + r), COLOURS[colour])
        elif form == "square":
            draw.rectangle((x - r + 1, y - r + 1, x + r - 1, y + r - 1), COLOURS[colour])
        else:
            draw.polygon(((x, y - r), (x - r, y + r - 1), (x + r, y + r - 1)), COLOURS[colour])
    return image


def _draw_bars(colours: list[str], heights: list[int], levels: int) -> Image.Image:
    size = 3 * CELL
    image = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(image)
    width = size // len(colours)
    for k, (colour, height) in enumerate(zip(colours, heights, strict=True)):
        top = size - height * (size - 6) // levels
        draw.rectangle((k * width + 3, top, (k + 1) * width - 4, size - 1), COLOURS[colour])
    return image
