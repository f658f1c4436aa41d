"""Command-line parsing with errors of one line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser, Namespace, set_parsing_settings

from revisual.config.class_paths import check_class_paths
from revisual.config.lists import replace_lists
from revisual.config.messages import one_line
from revisual.config.option_ranges import check_null, check_options
from revisual.config.renamed import rename_config_text, rename_options
from revisual.config.sections import check_sections
from revisual.config.yaml_loader import bound_loader
from revisual.core.errors import UserError
from revisual.core.yaml_text import no_text, read_yaml

replace_lists()
bound_loader()
set_parsing_settings(docstring_parse_attribute_docstrings=True)  # help is where a reader of the code looks for it


class ParserError(Exception):
    """A parser's whole message; parsers within parsers quote each other's."""

    def __init__(self, message: str, parser: ArgumentParser) -> None:
        super().__init__(message)
        self.parser = parser

    def type_of(self, key: str) -> Any:
        """Return the type of one of the parser's keys; None if it has no such key."""
        actions = self.parser._actions
        return next((getattr(action, "_typehint", None) for action in actions if action.dest == key), None)

    @property
    def keys(self) -> list[str]:
        """The keys of the parser and of its subcommands."""
        actions = list(self.parser._actions)
        below = [one for action in actions if isinstance(action.choices, dict) for one in action.choices.values()]
        return [action.dest for parser in (self.parser, *below) for action in getattr(parser, "_actions", ())]


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Tell what is wrong and where in one line, instead of after sixty lines of usage."""
    try:
        yield
    except ParserError as error:
        raise UserError(one_line(str(error), error.type_of, error.keys)) from error
    except ValueError as error:
        if not str(error).startswith("Does not validate against any of the Union subtypes"):
            raise
        raise UserError(one_line(str(_first_cause(error)))) from error  # a class refused what it was given


def _first_cause(error: BaseException) -> BaseException:
    """Return what our own code raised, or else what was raised first."""
    if isinstance(error, UserError) or error.__cause__ is None:
        return error
    return _first_cause(error.__cause__)


def _read_named(message: str) -> None:
    """Tell what is wrong in a file that a message names as a value: the parser takes one that is no YAML for a text."""
    for quoted, plain in re.findall(r"'([^'\n]+\.ya?ml)'|([^\s'\"]+\.ya?ml)", message):
        if Path(quoted or plain).is_file():
            read_yaml(Path(quoted or plain))


class OneLineParser(ArgumentParser):
    """A parser for use within `one_line_errors`, which takes the last release's names of keys too.

    An option is given by its whole name: `--trainer.max_step` is a mistake, and no other way to say `max_steps`.
    """

    def __init__(self, *args: Any, allow_abbrev: bool = False, **options: Any) -> None:
        super().__init__(*args, allow_abbrev=allow_abbrev, **options)

    def error(self, message: str, ex: Exception | None = None) -> Any:
        """Raise the message as a `ParserError`."""
        _read_named(message)
        raise ParserError(message, self) from ex

    def _check_value_key(self, action: Any, value: Any, key: str, *rest: Any, **options: Any) -> Any:
        """Check a key's value, and the functions that it names and the ranges of its numbers."""
        checked = super()._check_value_key(action, value, key, *rest, **options)
        if (annotation := getattr(action, "_typehint", None)) is not None:
            try:
                check_null(annotation, action.default, checked)
                check_class_paths(annotation, checked)
                check_options(annotation, checked, key)
            except ValueError as error:
                raise TypeError(f'Parser key "{key}": {error}') from error
        return checked

    def parse_args(self, args: Any = None, *rest: Any, **options: Any) -> Namespace:  # type: ignore[override]
        """Parse options, after those that had another name are renamed."""
        return super().parse_args(None if args is None else rename_options(args), *rest, **options)

    def parse_path(self, path: Any, *rest: Any, **options: Any) -> Namespace:
        """Parse a config's file, whose faults are told with its path as it was given, and not with its name alone."""
        outer, self._file = self._file, str(path)
        try:
            return super().parse_path(path, *rest, **options)
        except UnicodeDecodeError as error:
            raise UserError(no_text(path, error)) from error
        finally:
            self._file = outer

    _file = ""

    def parse_string(self, content: str, path: Any = "", *rest: Any, **options: Any) -> Namespace:
        """Parse a config's text, after keys that had another name are renamed."""
        renamed = rename_config_text(content, self._file if path else "")
        check_sections(renamed, self._is_section)
        return super().parse_string(renamed, path, *rest, **options)

    def _is_section(self, key: str) -> bool:
        """Return whether a key holds options, and has no type of its own."""
        is_typed = any(action.dest == key and hasattr(action, "_typehint") for action in self._actions)
        return not is_typed and any(action.dest.startswith(f"{key}.") for action in self._actions)
