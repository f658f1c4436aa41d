"""Choices of a question, by letter."""

from collections.abc import Sequence


def letter(index: int) -> str:
    """Return the letter of an option.

    Example: `letter(1) == "B"`
    """
    return chr(ord("A") + index)


def option_of(mark: str, options: Sequence[str]) -> str:
    """Return the option that a letter stands for; empty if it stands for none.

    Example: `option_of("B", ["12", "15"]) == "15"`
    """
    return dict(zip(map(letter, range(len(options))), options, strict=True)).get(mark, "")


def label(texts: Sequence[str]) -> list[str]:
    """Return options with their letters, so that a gold "B" means the second even where an option's text is "B".

    Example: `label(["12", "15"]) == ["A. 12", "B. 15"]`
    """
    return [f"{letter(index)}. {text}" for index, text in enumerate(texts)]


def with_letters(options: Sequence[str]) -> list[str]:
    """Return the options with their letters, which they may carry already.

    Example: `with_letters(["A. 12", "B. 15"]) == with_letters(["12", "15"]) == ["A. 12", "B. 15"]`
    """
    carried = all(option.startswith(f"{letter(index)}. ") for index, option in enumerate(options))
    return list(options) if carried else label(options)


def without_letters(options: Sequence[str]) -> list[str]:
    """Return the options without the letters that `label` put before them.

    Example: `without_letters(["A. 12", "B. 15"]) == without_letters(["12", "15"]) == ["12", "15"]`
    """
    return [option[3:] for option in with_letters(options)]
