"""`revisual completion`: what a shell completes, written once, so that nothing is imported while one types."""

from argparse import Action, ArgumentParser
from collections.abc import Iterator
from importlib import import_module
from inspect import isabstract
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import shtab

from revisual.cli.command import FunctionCommand
from revisual.cli.main import COMMANDS
from revisual.config.expected import argument_types, classes_in, subclasses

FILES = (Path, PathLike)


def completion(shell: Literal["bash", "zsh", "tcsh"]) -> None:
    """Print a script that completes commands, their options, choices and files.

    Args:
        shell: what reads it.
    """
    print(shtab.complete(outline(list(COMMANDS)), shell))


def outline(commands: list[str]) -> ArgumentParser:
    """Make a plain parser that has the options of commands by name, with what may follow them."""
    parser = ArgumentParser(prog="revisual")
    parser.add_argument("--version", action="store_true", help="print the version")
    below = parser.add_subparsers()
    for name in commands:
        module, summary = COMMANDS[name]
        made = below.add_parser(name, help=_text(summary))
        for action in import_module(f"revisual.cli.{module}").COMMAND.parser(name)._actions:
            _add(made, action)
    return parser


def _add(parser: ArgumentParser, action: Action) -> None:
    """Add an option, and those of the classes that it may name."""
    names = [name for name in action.option_strings if name not in ("-h", "--help")]
    kind = getattr(action, "_typehint", None)
    if not names:
        if not action.option_strings:
            parser.add_argument(action.dest, nargs="?", choices=_choices(kind) or None)
        return
    added: Any = parser.add_argument(*names, choices=_choices(kind) or None, help=_text(action.help or ""))
    if action.dest == "config" or any(issubclass(one, FILES) for one in classes_in(kind)):
        added.complete = shtab.FILE
    for option in sorted(_options_below(kind) if action.dest in ("model", "data") else ()):
        parser.add_argument(f"{names[0]}.init_args.{option}")


def _choices(kind: Any) -> list[str]:
    """Return the words that an option may have, or be one of the classes of."""
    if kind is bool:
        return ["true", "false"]
    if get_origin(kind) is Literal:
        return [str(one) for one in get_args(kind)]
    return sorted(one.__name__ for one in _own_classes(kind))


def _own_classes(kind: Any) -> Iterator[type]:
    for base in classes_in(kind):
        for one in subclasses(base):
            if one.__module__.startswith("revisual.") and not isabstract(one):
                yield one


def _options_below(kind: Any) -> set[str]:
    return {name for one in _own_classes(kind) for name in argument_types(one)} - {"return"}


def _text(help: str) -> str:
    return help.replace("%", "%%")


COMMAND = FunctionCommand(completion)
"""What `revisual completion` runs."""
