"""Bars of different heights and colours."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image, ImageDraw

from revisual.data.synthetic.shapes import CELL, COLOURS
from revisual.data.synthetic.task import Question, SyntheticTask


@dataclass(frozen=True)
class BarsTask(SyntheticTask):
    """A picture of bars: the colour of the tallest, or of the shortest.

    Every colour is the answer equally often: an answer without looking is right with probability 1/4.
    """

    bars: int = 2
    levels: int = 8
    side: int = 2 * CELL
    """Of the picture, in pixels."""

    name: ClassVar[str] = "bars"

    def question(self, rng: random.Random) -> Question:  # noqa: D102
        colours = rng.sample(list(COLOURS), self.bars)
        heights = rng.sample(range(1, self.levels + 1), self.bars)
        shift = rng.randint(-3, 3)
        word, choose = rng.choice((("tallest", max), ("shortest", min)))
        answer = colours[heights.index(choose(heights))]
        return Question(
            key=f"{word} {colours} {heights} {shift}",
            text=f"Which bar is the {word}?",
            answer=answer,
            solution=" ".join(f"{colour} {height}" for colour, height in zip(colours, heights, strict=True)),
            picture=_draw(colours, heights, shift, self.levels, self.side),
        )


def _draw(colours: Sequence[str], heights: Sequence[int], shift: int, levels: int, side: int) -> Image.Image:
    image = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(image)
    width = side // len(colours)
    for k, (colour, height) in enumerate(zip(colours, heights, strict=True)):
        left, top = k * width + 4 + shift, side - height * (side - 6) // levels
        draw.rectangle((left, top, left + width - 9, side - 1), COLOURS[colour])
    return image
