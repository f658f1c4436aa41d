"""What jsonargparse means: the option and its fault in one line, out of a page about every type that did not fit."""

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches
from typing import Any

from revisual.config.expected import expected_classes, expected_options
from revisual.config.places import UNKNOWN, find_place, read_literal
from revisual.core.ranges import MOST_SHOWN
from revisual.core.text import shorten

MOST, MOST_OF_ANOTHER = 199, 600
"""Characters of a message about a key, and of any other."""
MOST_CLASSES = 12
"""That are listed where none is near to what was written."""
_RANGE = r"(?:int|float|str|number) (?:in [\[(]\S+ \S+[\])]|not blank|with .+?)"
_FAULT = re.compile(rf"(expected (?:a number|a value|{_RANGE}), got (.+?))(?: - | Given value type|$)")
"""What `find_out_of_range` tells, and the value in it."""


def one_line(message: str, type_of: Callable[[str], Any] = lambda key: None, keys: Collection[str] = ()) -> str:
    """Shorten a parser's message to its key and fault; one that is not understood is put on one line.

    Args:
        message: jsonargparse's, of many lines.
        type_of: gives the type of a parser's key, whose classes an unknown name may have meant.
        keys: the parser's, one of which an unknown one may have meant.

    Example: `model.init_args.group_size: expected int, got 'eight'`
    """
    plain = re.sub(r"\s+", " ", message).strip()
    key = re.match(r'Parser key "([^"]+)":', plain)
    if key is None:
        return f"{plain[:MOST_OF_ANOTHER]}{_near_key(plain, keys)}"
    place = key[1]
    told = _broken_yaml(plain, place) or _out_of_range(plain, place) or _refused(plain, place)
    told = told or _no_module(plain, place)
    told = told or _unknown_class(plain, place, type_of) or _unknown_option(plain, place) or _wrong_type(plain, place)
    return (told or _innermost(plain, place))[:MOST]


def _refused(plain: str, key: str) -> str | None:
    """Tell that a class path names what it may not."""
    library = re.search(r"Importing '([^']+)' is not allowed", plain)
    if library:
        return f"{find_place(plain, key, library[1])}: {library[1]!r} is of Python's own library, and no part"
    found = re.search(r"(expected a class(?:, or a function that returns [\w ]+)?), got '([^']+)'", plain)
    return found and f"{find_place(plain, key, found[2])}: {found[1]}, got {found[2]!r}"


def _out_of_range(plain: str, key: str) -> str | None:
    """Tell that a value lies outside the range that its key's type states."""
    found = _FAULT.search(plain)
    if found is None:
        return None
    fault, value = found.groups()
    _, *inner = re.findall(r'Parser key "([^"]+)":', plain[: found.start() + 1])
    place = find_place(plain, key, inner[-1], inner[:-1], value) if inner else key
    return f"{place}: {fault}"


def _no_module(plain: str, key: str) -> str | None:
    """Tell that a class path's module is not found."""
    found = re.search(r"Problem with given class_path '([^']+)': No module named '([^']+)'", plain)
    if found is None:
        return None
    where = find_place(plain, key, found[1])
    return f"{where}: {found[1]}: no module {found[2]!r} is found; put the folder that it lies in on PYTHONPATH"


def _broken_yaml(plain: str, key: str) -> str | None:
    """Tell that a section's file, or what was given for it, is no YAML."""
    found = re.search(r"Unable to load config '(.+?)' - (line \d+, column \d+: .+?)(?= - |$)", plain)
    if found is None:
        return None
    named = f"{found[1]}: " if re.search(r"\.ya?ml$", found[1]) else ""
    return f"{key}: {named}is no YAML: {found[2]}"


def _unknown_class(plain: str, key: str, type_of: Callable[[str], Any]) -> str | None:
    found = re.search(r"Expected a dot import path string: (\S+)", plain)
    absent = re.search(r"module '([\w.]+)' has no attribute '(\w+)'", plain)
    if found is None and absent is None:
        return None
    name = found[1] if found else ".".join(absent.groups()) if absent else ""
    place = found or absent
    before = plain[: place.start()] if place else ""
    known = {one.__name__ for one in expected_classes(before, type_of(key)) if is_shipped(one)} - {name}
    where = find_place(plain, key, name)
    if name == "None":
        return f"{where}: null can be given in a config alone; on the command line leave the option out"
    return f"{where}: unknown class {name!r}{_meant_class(name, known)}"


def _meant_class(name: str, known: Collection[str]) -> str:
    """Return what a name may have meant: a class that is written nearly so, or has these initials, or any."""
    initials = [one for one in sorted(known) if "".join(filter(str.isupper, one)) == name]
    near = initials or get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there are: {', '.join(sorted(known))}" if 0 < len(known) <= MOST_CLASSES else ""


def _unknown_option(plain: str, key: str) -> str | None:
    found = re.search(r"Option '([^']+)' is not accepted", plain)
    if found is None:
        return None
    known = expected_options(plain[: found.start()], plain[found.end() :])
    near = get_close_matches(found[1].split(".")[0], sorted(known), n=1, cutoff=0.75)
    hint = f"; did you mean {near[0]}?" if near else ""
    where = find_place(plain, key, found[1])
    where = where if where.endswith(found[1]) else f"{where}.{found[1]}"  # of a mapping on the command line
    return f"{where}: there is no such option{hint}"


def _near_key(plain: str, keys: Collection[str]) -> str:
    """Return which key a parser may have been meant to take where it does not know one."""
    found = re.search(r"does not accept option '([^']+)'|unrecognized arguments: --([\w.]+)", plain)
    if found is None:
        return ""
    name = found[1] or found[2]
    outermost = {key.split(".")[0] for key in keys}
    first = name.split(".")[0]
    near = get_close_matches(*((name, sorted(keys)) if first in outermost else (first, sorted(outermost))), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _wrong_type(plain: str, key: str) -> str | None:
    found = re.findall(r"Expected an? ((?:(?!Expected).)+?)\. Got value: (.*?)(?= - | Given value|$)", plain)
    if not found:
        return None
    value = found[0][1]
    types = dict.fromkeys(_type_name(one) for one, got in found if got == value)
    inner = re.findall(r'Parser key "([^"]+)":', plain)[-1]
    place = key if inner == key else find_place(plain, key, inner)
    return f"{place}: expected {' or '.join(types)}, got {value!r}"


def _innermost(plain: str, key: str) -> str:
    """Tell what is wrong at the key that the message is about at its deepest."""
    *_, name = inner = re.findall(r'Parser key "([^"]+)":', plain)
    segment = plain.rpartition(f'Parser key "{name}": ')[2]
    expected, value = _expected_and_given(segment)
    place = find_place(plain, key, name, inner[1:-1], value or None) if len(inner) > 1 else key
    if re.search(rf"Given value: NestedArg\(key='{re.escape(name)}\.", segment):
        return f"{place}: is set, and there is no class_path beside it: name a class in the config"
    missing = re.search(r"the following arguments are required: (.+?)(?: - |$)", segment)
    if missing:
        return f"{place}: {missing[1]}: needs a value"
    if not value and len(plain) <= MOST:
        return plain
    shown = repr(value) if read_literal(value) is UNKNOWN else value  # a text is quoted without its quotes
    return f"{place}: {expected}, got {shorten(shown, MOST_SHOWN)}" if value else f"{place}: {expected}"


def _expected_and_given(segment: str) -> tuple[str, str]:
    """Return what was expected, in words, and the value that was given, as far as the end of a message tells."""
    end = r"(?= - Expected| - Not | Given value type|$)"
    part = re.search(r"Not a valid subclass of (\w+)\. Got value: (.*?) Subclass types expect", segment)
    types = re.search(rf"Subtypes: \[(.*?)\] Errors: .*?Given value: (.*?){end}", segment)
    abstract = re.search(rf"Expected an instantiatable class, but (\S+) is abstract.*?Given value: (.*?){end}", segment)
    other = re.search(r"Expected '(\S+)' to be a subclass of <class '(\S+?)'>", segment)
    if other:
        return f"expected a class under {_type_name(other[2])}", other[1]
    if abstract:
        return f"expected a class under {_type_name(abstract[1])}", abstract[2]
    if part:
        return f"expected {part[1]}", part[2]
    if types:
        return f"expected {shorten(_type_names(types[1]), 90)}", types[2]
    return shorten(segment, 150), ""


def is_shipped(kind: type) -> bool:
    """Return whether a class comes with the installation, so that its short name works in every run."""
    return kind.__module__.partition(".")[0] in ("revisual", "lightning", "torch")


def _type_name(text: str) -> str:
    name = re.sub(r"<class '(.*?)'>", r"\1", text)
    name = re.sub(r"Annotated\[(\w+), (in .+?[\])]|[^\[\]]+)\]", r"\1 \2", name)
    return re.sub(r"(?<![\d'])\b(?:\w+\.)+(?=[A-Za-z])", "", name).replace("NoneType", "null")


def _type_names(text: str) -> str:
    """Return the types of a union in words."""
    parts = re.split(r", (?![^\[]*\])(?=<class|typing|collections|list|dict|[a-z]+\.)", text)
    return " or ".join(dict.fromkeys(map(_type_name, parts)))
