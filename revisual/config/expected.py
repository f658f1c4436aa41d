"""Which classes would fit where a parser met a name that it does not know."""

import re
import sys
from collections.abc import Iterator
from inspect import isabstract
from typing import Any, get_args, get_type_hints


def expected_classes(before: str, type_of_key: Any) -> set[type]:
    """Find the concrete classes that may stand where a parser's message reports an unknown one.

    Args:
        before: the message as far as the name, on one line. It tells the types that were tried, "Subtypes: [...]", or
            those of what holds the key in question.
        type_of_key: of the outermost key, for messages that tell no types.
    """
    key = before.rpartition('Parser key "')[2].partition('"')[0]
    held_by, _, after_key = before.rpartition('Parser key "')
    told = _last_subtypes(after_key)
    if told is not None:
        bases = set(_classes_named(told))
    elif (outer := _last_subtypes(held_by)) is not None:
        bases = {base for owner in _classes_named(outer) for base in _classes_of_key(owner, key)}
    else:
        bases = set(classes_in(type_of_key))
    return {one for base in bases for one in (base, *subclasses(base)) if not isabstract(one)}


def expected_options(before: str, after: str) -> set[str]:
    """Find the options of the classes that a parser's message tried last before it reports an unknown option.

    Args:
        before: the message as far as the option.
        after: the rest, which may quote the class that was chosen.
    """
    told = _last_subtypes(before)
    tried = [one for base in _classes_named(told or "") for one in (base, *subclasses(base))]
    quoted = {path.rpartition(".")[2] for path in re.findall(r"'class_path': '([\w.]+)'", after)}
    chosen = [one for one in tried if one.__name__ in quoted] or tried
    return {name for one in chosen for name in argument_types(one)} - {"return"}


def _last_subtypes(text: str) -> str | None:
    found = re.findall(r"Subtypes: \[(.*?)\] Errors:", text)
    return found[-1] if found else None


def _classes_named(text: str) -> Iterator[type]:
    """Yield the classes that a text names by their import paths, as far as they are imported."""
    for path in re.findall(r"\w+(?:\.\w+)+", text):
        module, _, name = path.rpartition(".")
        found = getattr(sys.modules.get(module), name, None)
        if isinstance(found, type):
            yield found


def _classes_of_key(owner: type, key: str) -> Iterator[type]:
    """Yield the classes in the type of an argument of `owner`, or of a class under it."""
    for one in (owner, *subclasses(owner)):
        yield from classes_in(argument_types(one).get(key))


def argument_types(owner: type) -> dict[str, Any]:
    """Return the types of a class's arguments, as far as they are known when it runs."""
    try:
        return get_type_hints(owner.__init__)
    except (NameError, TypeError):  # a type that exists for the type checker alone
        known = getattr(owner.__init__, "__annotations__", {})
        return {name: hint for name, hint in known.items() if not isinstance(hint, str)}


def classes_in(annotation: Any) -> Iterator[type]:
    """Yield the classes in a type: `list[SampleReader] | None` holds SampleReader."""
    if isinstance(annotation, type) and not get_args(annotation) and annotation.__module__ != "builtins":
        yield annotation
    for part in get_args(annotation):
        yield from classes_in(part)


def subclasses(base: type) -> Iterator[type]:
    """Yield the classes derived from a class, and those derived from them."""
    found: list[type] = type.__subclasses__(base)
    for one in found:
        yield one
        yield from subclasses(one)
