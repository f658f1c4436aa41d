"""A JSON Schema of a command's config, by which an editor completes keys and marks mistakes while they are typed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from inspect import getdoc
from itertools import chain
from math import isinf
from re import escape
from typing import Annotated, Any, get_args, get_origin

from jsonargparse import ArgumentParser
from jsonargparse._completions_jsonschema import ParserJsonschema
from jsonargparse._typehints import get_all_subclass_paths
from jsonargparse._util import import_object

from revisual.config.option_ranges import KEYS, types_of
from revisual.core.ranges import Filled, WithField, Within

OWN_CLASS = r"^(?!revisual\.)\w+(\.\w+)+$"
"""A class in a file of one's own, or of another package: of it no arguments are known."""

DESCRIBED = ("revisual.", "lightning.", "torch.optim.")
"""Where the classes are from whose arguments are described; below torch's modules or streams that would have no end."""


def make_schema(parser: ArgumentParser) -> dict[str, Any]:
    """Describe the configs that a parser reads, each option with its type, range, default and help.

    Nothing is required: a config may leave out what another one gives, above or below it.
    """
    return _ConfigSchema().generate(parser)


class _ConfigSchema(ParserJsonschema):
    """The parser's own schema, with the ranges that types state, and classes by their short names."""

    def generate(self, parser: ArgumentParser) -> dict[str, Any]:
        schema = super().generate(parser)
        for part in _parts(schema):
            part.pop("required", None)
            _allow_additions(part)
        return schema

    def action_type_schema(self, action: Any, consts: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().action_type_schema(action, consts)
        return _within(found, KEYS.get(action.dest))

    def action_schema(self, action: Any, required: bool, consts: Any) -> dict[str, Any]:
        """Describe an option; null stands for what another config has to give."""
        found: dict[str, Any] = super().action_schema(action, required, consts)
        if not required:
            return found
        described = {key: found.pop(key) for key in ("description",) if key in found}
        return {"anyOf": [found, {"type": "null"}], **described}

    def typehint_schema(self, typehint: Any, action: Any) -> dict[str, Any]:
        return _within(super().typehint_schema(typehint, action), typehint)

    def callable_schema(self, typehint: Any, action: Any) -> dict[str, Any]:
        """Describe what makes an object, such as an optimizer, by the object's class."""
        found: dict[str, Any] = super().callable_schema(typehint, action)
        known = [one for one in found.get("anyOf", ()) if "$ref" in one]
        return known[0] if known else found

    def subclass_def(self, class_type: Any, action: Any) -> dict[str, Any]:
        """Describe the class that a `class_path` names, alone or with its `init_args`."""
        if not class_type.__module__.startswith(DESCRIBED):
            return self.unknown_class_path_schema()
        paths = [path for path in get_all_subclass_paths(class_type) if path.startswith(DESCRIBED) and _is_there(path)]
        names = _names(paths)
        known = {"anyOf": [{"enum": sorted(chain(*names.values()))}, {"type": "string", "pattern": OWN_CLASS}]}
        arguments = {path: self.arguments_ref(path, action) for path in paths}
        chosen = [_where_class(names[path], arguments[path]) for path in paths]
        described = {
            "type": "object",
            "properties": {"class_path": known, "init_args": {"type": "object"}, "dict_kwargs": {"type": "object"}},
            "additionalProperties": False,
            "allOf": [_where_no_class(list(arguments.values())), *chosen],
        }
        return {"anyOf": [known, described]}

    def arguments_ref(self, path: str, action: Any) -> dict[str, Any]:
        """Return where a class's arguments are described, each class once."""
        name = f"{path}.init_args"
        if name not in self.defs:
            self.defs[name] = {}  # a class may take others of its own kind
            found = self.class_parser_schema(path, action, (getdoc(import_object(path)) or "").partition("\n")[0])
            for option, kind in types_of(path).items():
                if option in found.get("properties", {}):
                    found["properties"][option] = _within(found["properties"][option], kind)
            self.defs[name].update(found)
        return {"$ref": f"#/$defs/{name}"}


def _is_there(path: str) -> bool:
    """Return whether a class can be named in a config: Lightning makes some of an optimizer's while it trains."""
    try:
        import_object(path)
    except AttributeError:
        return False
    return True


def _within(schema: dict[str, Any], annotation: Any) -> dict[str, Any]:
    """Add the range that a type states to the schema of its values; no bound is put on what is no number."""
    arguments, origin, added = get_args(annotation), get_origin(annotation), dict[str, Any]()
    if origin is tuple:
        added["items"] = _within({}, arguments[0])
    elif origin is Annotated:
        for limit in arguments[1:]:
            if isinstance(limit, Within):
                added |= _bounds(limit)
            elif isinstance(limit, Filled):
                added["pattern"] = r"\S"
            elif isinstance(limit, WithField):
                added["pattern"] = "|".join(map(escape, limit.fields))
    return schema | added


def _bounds(limit: Within) -> dict[str, int | float]:
    low, high = limit.bounds
    made = {
        "minimum" if limit.interval[0] == "[" else "exclusiveMinimum": low,
        "maximum" if limit.interval[-1] == "]" else "exclusiveMaximum": high,
    }
    return {name: int(bound) if bound.is_integer() else bound for name, bound in made.items() if not isinf(bound)}


def _allow_additions(part: dict[str, Any]) -> None:
    """Let `callbacks+` add to what `callbacks` is, and likewise for every option that may be a list."""
    properties = part["properties"]
    for name, kind in list(properties.items()):
        if any("array" in one.get("type", ()) for one in (kind, *kind.get("anyOf", ()))):
            properties[f"{name}+"] = {key: value for key, value in kind.items() if key != "default"}


def _names(paths: Sequence[str]) -> dict[str, list[str]]:
    """Return what each class may be called: by its import path, and by its name alone where no other has the same."""
    short = Counter(path.rpartition(".")[2] for path in paths)
    return {path: [path, *(name for name in (path.rpartition(".")[2],) if short[name] == 1)] for path in paths}


def _where_class(names: Sequence[str], arguments: dict[str, Any]) -> dict[str, Any]:
    condition = {"properties": {"class_path": {"enum": names}}, "required": ["class_path"]}
    return {"if": condition, "then": {"properties": {"init_args": arguments}}}


def _where_no_class(arguments: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Describe arguments of a class that another config names: they are those of one of the classes."""
    return {"if": {"required": ["class_path"]}, "else": {"properties": {"init_args": {"anyOf": arguments}}}}


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield each object of a schema that describes an object's keys."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and schema.get("additionalProperties") is False:
            yield schema
        for part in list(schema.values()):
            yield from _parts(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _parts(part)
