"""Options that are fields of a dataclass."""

from dataclasses import dataclass
from typing import Annotated

import pytest

from revisual.cli.command import FunctionCommand
from revisual.cli.options import Flattened, find_groups
from revisual.cli.words import spell_out, split_words
from revisual.core.errors import UserError

CALLS = []


@dataclass(frozen=True)
class Colors:
    """Which colors are used.

    Args:
        ground: below all others.
        others: on it.
        is_mixed: whether they may be mixed.
    """

    ground: str = "white"
    others: list[str] | None = None
    is_mixed: bool = False

    def __post_init__(self):
        if self.ground == "none":
            raise UserError("ground: a picture needs one")


@dataclass(frozen=True)
class Paper:
    """What is painted on.

    Args:
        width: in centimeters.
    """

    width: int


def paint(
    file: str,
    *,
    paper: Flattened[Paper],
    colors: Flattened[Colors] = Colors(ground="grey"),
    coats: Annotated[int, "a note of another kind"] = 1,
) -> None:
    """Paint a picture.

    Args:
        file: the picture.
        coats: how many.
    """
    CALLS.append((file, paper, colors, coats))


COMMAND = FunctionCommand(paint)


def test_fields_are_options_beside_the_others(tmp_path):
    CALLS.clear()
    COMMAND.run("paint", ["a.png", "--width=9", "--others", "red", "blue", "--is_mixed", "--coats=2"])
    (tmp_path / "c.yaml").write_text("width: 3\nground: black\n")
    COMMAND.run("paint", ["b.png", f"--config={tmp_path / 'c.yaml'}"])
    first, second = CALLS
    assert first == ("a.png", Paper(9), Colors("grey", ["red", "blue"], True), 2)
    assert second == ("b.png", Paper(3), Colors("black"), 1)


def test_mistakes_are_told_as_those_of_other_options():
    for words, told in [
        (["a"], "width"),
        (["a", "--width=wide"], "width: expected int, got 'wide'"),
        (["a", "--width=1", "--ground=none"], "ground: a picture needs one"),
        (["a", "--width=1", "--colors.ground=red"], "colors.ground"),
    ]:
        with pytest.raises(UserError, match=told):
            COMMAND.run("paint", words)


def test_each_group_is_a_paragraph_of_the_help():
    text = COMMAND.parser("paint").format_help()
    words = [
        "how many.",
        "What is painted on:",
        "in centimeters. (required, type: int)",
        "Which colors are used:",
        "below all others. (type: str, default: grey)",
    ]
    places = [text.index(each) for each in words]
    assert places == sorted(places)


def test_words_of_flattened_options_are_known():
    assert find_groups(paint) == {"paper": Paper, "colors": Colors}
    assert spell_out(paint, ["--is_mixed", "--others", "a"]) == ["--is_mixed=true", '--others=["a"]']
    assert split_words(paint, ["--ground", "a", "--model", "b"]) == (["--ground", "a"], ["--model", "b"])
