"""Where in a config an option stands, out of what a parser's message quotes of the config."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

UNKNOWN = object()
"""What stands for a value that is no plain one."""


def find_place(plain: str, key: str, name: str, above: Sequence[str] = (), value: str | None = None) -> str:
    """Find where below `key` an option or class stands, as far as a message tells.

    Args:
        plain: the message, on one line; its end quotes what the key was given.
        key: of the parser.
        name: of the option or class.
        above: keys that it stands below, the outer ones first.
        value: of the option, as the message quotes it; without it, a class is looked for too.
    """
    quoted = plain.rpartition("Given value: ")[2]
    nested = re.match(r"NestedArg\(key='([^']+)'", quoted)
    if nested:
        return f"{key}.init_args.{nested[1]}"
    wanted = UNKNOWN if value is None else read_literal(value)
    paths = [path for path in _paths(read_literal(quoted), name, wanted) if _holds_in_order(path, above)]
    if paths and (len(paths) == 1 or value is not None):
        return ".".join([key, *paths[0]])
    if above or value is not None:
        return ".".join([key, *above, name])
    return key if key.endswith(name) or name in quoted.split() else f"{key}: {name}"


def read_literal(text: str) -> Any:
    """Read a value as Python prints it: plain ones, lists, mappings and namespaces; nothing is evaluated.

    Example: `read_literal("[Namespace(a=inf), {'b': f(1)}]") == [{"a": math.inf}, {"b": UNKNOWN}]`
    """
    try:
        return _plain(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return UNKNOWN


def _plain(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_plain(part) for part in parts]
        case ast.Dict(keys=keys, values=values):
            return {_plain(key): _plain(one) for key, one in zip(keys, values, strict=True) if key is not None}
        case ast.Call(func=ast.Name(id="Namespace"), keywords=keywords):
            return {one.arg: _plain(one.value) for one in keywords if one.arg is not None}
        case ast.Name(id="inf" | "nan" as name):
            return float(name)
        case ast.UnaryOp(op=ast.USub(), operand=ast.expr() as operand) if isinstance(_plain(operand), (int, float)):
            return -_plain(operand)
    return UNKNOWN


def _paths(value: Any, name: str, wanted: Any) -> Iterator[list[str]]:
    """Yield the ways to the key `name`, where `wanted` stands if it is known; without it, to the value `name` too."""
    if wanted is UNKNOWN and value == name:
        yield []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        if key == name and (wanted is UNKNOWN or _is_or_holds(one, wanted)):
            yield [str(key)]
        else:
            yield from ([*([] if key == "class_path" else [str(key)]), *rest] for rest in _paths(one, name, wanted))


def _is_or_holds(value: Any, wanted: Any) -> bool:
    if value == wanted or str(value) == str(wanted):  # NaN equals nothing
        return True
    if isinstance(value, list):
        return any(_is_or_holds(one, wanted) for one in value)
    if isinstance(value, dict):
        return any(_is_or_holds(one, wanted) for one in value.values())
    return False


def _holds_in_order(path: Sequence[str], keys: Sequence[str]) -> bool:
    left = iter(path)
    return all(key in left for key in keys)
