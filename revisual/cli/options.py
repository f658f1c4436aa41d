"""Options of a command that belong together: fields of a dataclass, beside the command's other options."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from inspect import signature
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
_FLATTENED = object()
Flattened = Annotated[T, _FLATTENED]
"""An argument whose dataclass's fields are options by their own names, and a paragraph of the help.

Example: `def ask(*, model: str, pixels: Flattened[PixelBounds]) -> None` has --model, --min_pixels and --max_pixels.
"""


def find_groups(function: Callable[..., Any]) -> dict[str, type[Any]]:
    """Return the dataclasses of a function's flattened arguments, by the arguments' names."""
    hints = get_type_hints(function, include_extras=True)
    apart = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Annotated}
    return {name: parts[0] for name, parts in apart.items() if _FLATTENED in parts[1:]}


def option_types(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of all options of a function, by their names."""
    groups = find_groups(function)
    types = {name: hint for name, hint in get_type_hints(function).items() if name not in (*groups, "return")}
    for group in groups.values():
        types |= {field.name: get_type_hints(group)[field.name] for field in fields(group)}
    return types


def group_defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the values of flattened arguments' fields where the function gives a default of its own."""
    given = {name: signature(function).parameters[name].default for name in find_groups(function)}
    made = [default for default in given.values() if hasattr(default, "__dataclass_fields__")]
    return {field.name: getattr(default, field.name) for default in made for field in fields(default)}


def gather_groups(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function's arguments, those that are flattened made of the options that are their fields.

    Raises:
        UserError: a dataclass refuses its values.
    """
    left = dict(options)
    groups = find_groups(function)
    taken = {name: {field.name: left.pop(field.name) for field in fields(group)} for name, group in groups.items()}
    return left | {name: group(**taken[name]) for name, group in groups.items()}
