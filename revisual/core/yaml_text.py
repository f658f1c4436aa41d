"""YAML whose aliases do not make more of it than stands there, and where it is broken."""

from pathlib import Path
from typing import Any

import yaml

from revisual.core.errors import UserError

MOST_VALUES = 100_000
"""In a config, aliases counted as often as they are used."""


def load_yaml(text: str) -> Any:
    """Return what a YAML text says, in plain values.

    Raises:
        yaml.YAMLError: it is no YAML.
        UserError: its aliases stand for too many values or for what holds them, or it is nested too deeply.
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if (values := _count(node, {})) > MOST_VALUES:
            raise UserError(f"its aliases stand for {values:.0e} values, and {MOST_VALUES:,} are the most")
        return loader.construct_document(node)
    except RecursionError:
        raise UserError("it is nested too deeply") from None
    finally:
        loader.dispose()


def read_yaml(path: Path) -> Any:
    """Return what a YAML file says, in plain values.

    Raises:
        UserError: it cannot be read, is no YAML, or is more than it seems; tells the file, and where in it.
    """
    return load_named(read_text(path), path)


def read_text(path: Path) -> str:
    """Return a YAML file's text.

    Raises:
        UserError: it cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UserError(no_text(path, error)) from error


def no_text(path: str | Path, error: UnicodeDecodeError) -> str:
    """Say that a file is no text, and from which byte on."""
    return f"{path}: is no YAML: byte {error.start + 1} is no text in UTF-8"


def load_named(text: str, path: str | Path) -> Any:
    """Return what the text of a file says, as `read_yaml` does."""
    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        raise UserError(f"{path}: is no YAML: {explain_yaml(error)}") from error
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def explain_yaml(error: yaml.YAMLError) -> str:
    """Say in one line what is wrong in a text, and at which line and column.

    Example: `line 3, column 4: expected ',' or ']', but got ':' while parsing a flow sequence (line 2, column 14)`
    """
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    told = f"{_place(error.problem_mark)}: {error.problem or 'is broken'}"
    if error.context is None:
        return told
    begun = f" ({_place(error.context_mark)})" if error.context_mark else ""
    return f"{told} {error.context}{begun}"


def _place(mark: Any) -> str:  # PyYAML's, or that of its faster loader
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _count(node: yaml.Node, known: dict[int, int | None]) -> int:
    """Return how many values a node stands for, its aliases counted as often as they are used.

    Args:
        node: of the composed text, in which an alias is the node that it stands for.
        known: by a node's identity, what was counted; None while it is being counted.

    Raises:
        UserError: a node holds itself.
    """
    if id(node) in known:
        found = known[id(node)]
        if found is None:
            raise UserError(f"line {node.start_mark.line + 1}: an alias stands for what holds it")
        return found
    known[id(node)] = None
    held: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        held = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        held = node.value
    total = 1 + sum(_count(one, known) for one in held)
    known[id(node)] = total
    return total
