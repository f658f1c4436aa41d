"""Marks that stand for pictures in texts: `<image>`, and numbered ones such as `<image 2>` or `<image2>`."""

import re
from collections.abc import Sequence

MARK = re.compile(r"<image ?(\d{0,2})>")


def count_marked(text: str) -> int:
    """Return how many pictures the marks of a text stand for; those with numbers count up to the highest.

    Example: `count_marked("<image> or <image>?") == count_marked("<image 1> or <image 2>? In <image 1>, ...") == 2`
    """
    numbers = MARK.findall(text)
    return numbers.count("") + max((int(number) for number in numbers if number), default=0)


def split_at_numbers(text: str, pictures: int) -> list[str] | None:
    """Return the texts around numbered marks that name each of so many pictures once, in their order; else None.

    Example: `split_at_numbers("See <image 1> and <image 2>.", 2) == ["See ", " and ", "."]`
    """
    if not pictures or MARK.findall(text) != [str(number + 1) for number in range(pictures)]:
        return None
    return MARK.split(text)[::2]


def place_between(texts: Sequence[str]) -> list[dict[str, str]]:
    """Return the parts of a turn: texts, with a place for a picture between each two; empty texts are left out."""
    pieces = [text.strip("\n") for text in texts]
    parts = [{"type": "text", "text": pieces[0]}]
    for piece in pieces[1:]:
        parts += [{"type": "image"}, {"type": "text", "text": piece}]
    return [part for part in parts if part.get("text") != ""]
