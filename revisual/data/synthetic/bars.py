"""Bars of different heights and colors."""

import random
from dataclasses import dataclass
from typing import Annotated, ClassVar

from PIL import Image, ImageDraw
from typing_extensions import override

from revisual.core.ranges import Within
from revisual.data.synthetic.shapes import COLOURS, SIDE
from revisual.data.synthetic.task import Question, SyntheticTask


@dataclass(frozen=True)
class BarsTask(SyntheticTask):
    """A picture of bars: the color of the tallest, or of the shortest.

    Every color is the answer equally often: an answer without looking is right with probability 1/4.
    """

    bars: Annotated[int, Within("[1, 4]")] = 2
    """How many there are in a picture."""
    levels: Annotated[int, Within("[1, 64]")] = 4
    """How many different heights there are."""
    side: Annotated[int, Within("[28, 4096]")] = SIDE
    """Of the picture, in pixels."""

    name: ClassVar[str] = "bars"

    @override
    def question(self, rng: random.Random) -> Question:
        colours = rng.sample(list(COLOURS), self.bars)
        heights = rng.sample(range(1, self.levels + 1), self.bars)
        word, choose = rng.choice((("tallest", max), ("shortest", min)))
        shift, wobble = rng.randint(-3, 3), [rng.randint(-2, 2) for _ in heights]
        text, answer = f"Which bar is the {word}?", colours[heights.index(choose(heights))]
        picture, draw = _blank(self.side)
        width, step = self.side // self.bars, (self.side - 6) // self.levels
        for k, colour in enumerate(colours):
            left, height = k * width + 4 + shift, heights[k] * step + wobble[k]
            draw.rectangle((left, self.side - height, left + width - 9, self.side - 1), COLOURS[colour])
        key = f"{text} {colours} {heights} {shift} {wobble}"
        return Question(key, text, answer, f"the {word} bar is {answer}", picture)


@dataclass(frozen=True)
class BarTask(SyntheticTask):
    """A picture of one bar: how tall it is, in quarters of the picture.

    An answer without looking is right with probability 1/4.
    """

    describe: bool = False
    """Ask for a description in place of the height."""

    name: ClassVar[str] = "bar"

    @override
    def question(self, rng: random.Random) -> Question:
        colour, height = rng.choice(list(COLOURS)), rng.randint(1, 4)
        width, left, wobble = rng.randint(16, 24), rng.randint(4, 28), rng.randint(-2, 2)
        text, answer = ("What is there?", f"{colour} {height}") if self.describe else ("How tall is it?", str(height))
        picture, draw = _blank(SIDE)
        draw.rectangle((left, SIDE - height * SIDE // 5 - wobble, left + width, SIDE - 1), COLOURS[colour])
        key = f"{text} {colour} {height} {width} {left} {wobble}"
        return Question(key, text, answer, answer if self.describe else f"it is {answer}", picture)


def _blank(side: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (side, side), "white")
    return picture, ImageDraw.Draw(picture)
