"""What every command is: a function, whose arguments are its options."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from inspect import cleandoc, signature

from jsonargparse import ArgumentParser

from revisual.cli.aliases import tell_aliases, use_own_names
from revisual.cli.options import find_groups, gather_groups, group_defaults, option_types
from revisual.cli.words import spell_out, split_words
from revisual.config.parser import OneLineParser, one_line_errors
from revisual.config.parts import import_parts
from revisual.core.interrupt import interruptible

GOES_ON = "interrupted; the same command goes on from here"


class Command(ABC):
    """What `revisual NAME` does."""

    interrupted: str = "interrupted"
    """What is told after Ctrl-C or SIGTERM."""

    def signals(self) -> AbstractContextManager[None]:
        """Return what handles Ctrl-C and SIGTERM while it runs."""
        return interruptible()

    @abstractmethod
    def parser(self, name: str) -> ArgumentParser:
        """Make the parser of its options, with all parts that they may name.

        Args:
            name: what the command is called.
        """

    @abstractmethod
    def run(self, name: str, words: Sequence[str]) -> int | None:
        """Do what the words after the command's name say.

        Returns:
            The exit status; None for success.

        Raises:
            UserError: the words, or what they name, are wrong.
        """


@dataclass(frozen=True)
class FunctionCommand(Command):
    """A function as a command. Arguments by position are words, those by keyword options; docstrings are the help.

    An argument that is `Flattened` gets its fields as options. An argument `rest` gets the options that the function
    does not know.

    Args:
        function: gives the exit status or nothing.
        parts: packages whose classes its options may name.
        interrupted: what is told after Ctrl-C or SIGTERM.
    """

    function: Callable[..., int | None]
    parts: Sequence[str] = ()
    interrupted: str = "interrupted"

    def run(self, name: str, words: Sequence[str]) -> int | None:
        """Call the function with arguments from the command line or from `--config`."""
        parser = self.parser(name)
        takes_rest = "rest" in signature(self.function).parameters
        words = use_own_names(name, words, option_types(self.function))
        own, rest = split_words(self.function, words) if takes_rest else (words, ())
        with one_line_errors():
            config = parser.parse_args(spell_out(self.function, own))
            arguments = parser.instantiate_classes(config).as_dict()
            arguments.pop("config", None)
            made = gather_groups(self.function, arguments)
            return self.function(**made, **({"rest": tuple(rest)} if takes_rest else {}))

    def parser(self, name: str) -> OneLineParser:
        """Make the parser of its options."""
        import_parts(self.parts)
        description = cleandoc(self.function.__doc__ or "").partition("\nArgs:")[0].strip()
        parser = OneLineParser(prog=f"revisual {name}", description=description, epilog=tell_aliases(name) or None)
        parser.add_argument("--config", action="config", help="a YAML file with options")
        groups = find_groups(self.function)
        parser.add_function_arguments(self.function, as_group=False, as_positional=True, skip={"rest", *groups})
        for group in groups.values():
            parser.add_class_arguments(group)
        parser.set_defaults(group_defaults(self.function))
        return parser
