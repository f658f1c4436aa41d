"""Words of a command line as people type them, spelled out for the parser."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from revisual.cli.options import option_types


def spell_out(function: Callable[..., Any], words: Sequence[str]) -> list[str]:
    """Give flags their value, and put the words of an option that takes several into one list.

    Example: for a function with `image: list[Path]` and `dry_run: bool`,
    `["--image", "a.png", "b.png", "--dry_run"]` becomes `['--image=["a.png", "b.png"]', "--dry_run=true"]`.
    """
    flags, lists = _names(function, _is_flag), _names(function, _is_list_of_texts)
    made: list[str] = []
    gathered: dict[str, list[str]] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if word.startswith("--") and name in flags and not equals and waiting[:1] not in (["true"], ["false"]):
            made.append(f"--{name}=true")
        elif word.startswith("--") and name in lists and not value.startswith("["):
            found = [value] if equals else []
            while waiting and not waiting[0].startswith("--"):
                found.append(waiting.pop(0))
            if found and found[0].startswith("["):
                made += [f"--{name}={found[0]}", *found[1:]]
            else:
                gathered.setdefault(name, []).extend(found)
        else:
            made.append(word)
    return [*made, *(f"--{name}={json.dumps(found)}" for name, found in gathered.items())]


def split_words(function: Callable[..., Any], words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell the options of a function from all others, each with its value."""
    own_names, flags = {*option_types(function), "help"}, _names(function, _is_flag)
    own: list[str] = []
    rest: list[str] = []
    taking = rest
    for word in words:
        if word == "-h":
            own.append(word)
        elif word.startswith("--"):
            name, equals, _ = word[2:].partition("=")
            taking = own if name in own_names else rest
            taking.append(word)
            if equals or name in flags:
                taking = rest
        else:
            taking.append(word)
            taking = rest
    return own, rest


def _names(function: Callable[..., Any], fits: Callable[[Any], bool]) -> set[str]:
    return {name for name, hint in option_types(function).items() if fits(hint)}


def _is_flag(hint: Any) -> bool:
    return hint is bool


def _is_list_of_texts(hint: Any) -> bool:
    return any(one in (list[str], list[Path]) for one in (hint, *get_args(hint)))
