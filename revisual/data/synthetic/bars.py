"""Bars of different heights and colours."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image, ImageDraw

from revisual.data.synthetic.shapes import COLOURS, SIDE
from revisual.data.synthetic.task import Question, SyntheticTask


@dataclass(frozen=True)
class BarsTask(SyntheticTask):
    """A picture of bars: the colour of the tallest, or of the shortest.

    Every colour is the answer equally often: an answer without looking is right with probability 1/4.
    """

    bars: int = 2
    levels: int = 4
    side: int = SIDE
    """Of the picture, in pixels."""
    describe: bool = False
    """Ask for a description in place of a colour."""

    name: ClassVar[str] = "bars"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        colours = rng.sample(list(COLOURS), self.bars)
        heights = rng.sample(range(1, self.levels + 1), self.bars)
        word, choose = rng.choice((("tallest", max), ("shortest", min)))
        shift, wobble = rng.randint(-3, 3), [rng.randint(-2, 2) for _ in heights]
        text, answer = f"Which bar is the {word}?", colours[heights.index(choose(heights))]
        if self.describe:
            text, answer = "What is there?", " and ".join(colours)
        picture = _draw(colours, [h * self.step + w for h, w in zip(heights, wobble, strict=True)], shift, self.side)
        solution = answer if self.describe else f"the {word} bar is {answer}"
        return Question(f"{text} {colours} {heights} {shift} {wobble}", text, answer, solution, picture)

    @property
    def step(self) -> int:
        """Pixels between two levels."""
        return (self.side - 6) // self.levels


def _draw(colours: Sequence[str], heights: Sequence[int], shift: int, side: int) -> Image.Image:
    image = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(image)
    width = side // len(colours)
    for k, (colour, height) in enumerate(zip(colours, heights, strict=True)):
        left = k * width + 4 + shift
        draw.rectangle((left, side - height, left + width - 9, side - 1), COLOURS[colour])
    return image
