"""Every key that a config of `revisual fit` may have: the trainer's, and those of each kind of part."""

from collections.abc import Iterator, Mapping
from typing import Any

from options import cell, options_table

from revisual.cli.fit import COMMAND
from revisual.config.schema import make_schema

ARGUMENTS = ".init_args"
HEAD = """# Every key

A config of `revisual fit`, `validate`, `test` and `predict` has these keys. A part is named by its `class_path`, a
short name or an import path, and its own keys stand under `init_args`. `revisual schema fit` prints the same for
editors ([Training](../training.md)).
"""


def config_pages() -> Iterator[tuple[str, str]]:
    """Yield the file and the text of the overview and of the page of each kind of part."""
    schema = make_schema(COMMAND.parser("fit"))
    kinds = dict(sorted(_kinds(schema["$defs"]).items()))
    linked = {kind: f"{kind}.md" for kind in kinds}
    rows = "\n".join(f"| [{kind}]({kind}.md) | {', '.join(map(_code, shown))} |" for kind, shown in kinds.items())
    yield (
        "config/index.md",
        "\n".join(
            [HEAD, options_table(schema["properties"], linked), f"## Parts\n\n| kind | classes |\n|---|---|\n{rows}\n"]
        ),
    )
    for kind in kinds:
        yield f"config/{kind}.md", _page(kind, schema["$defs"], linked)


def _code(path: str) -> str:
    return f"`{path.rpartition('.')[2]}`"


def _kinds(definitions: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the kinds that have a class of revisual's, or are one, each with its classes."""
    found = {}
    for kind, described in definitions.items():
        classes = _classes(described)
        is_one = "class_path" not in described.get("properties", {"class_path": {}})  # has keys, and no classes below
        if not kind.endswith(ARGUMENTS) and (classes or is_one) and kind[0] != "_":
            found[kind] = classes
    return found


def _classes(described: Mapping[str, Any]) -> list[str]:
    """Return the import paths of the classes of a kind."""
    parts = [one for option in described.get("anyOf", ()) for one in option.get("allOf", ())]
    return [one["if"]["properties"]["class_path"]["enum"][0] for one in parts if "then" in one]


def _page(kind: str, definitions: Mapping[str, Any], linked: Mapping[str, str]) -> str:
    described = definitions[kind]
    text = [f"# {kind}"]
    if "properties" in described:
        text += [cell(described.get("description", "")), options_table(described["properties"], linked)]
    for path in sorted(_classes(described), key=lambda one: (not one.startswith("revisual."), one)):
        arguments = definitions[f"{path}{ARGUMENTS}"]
        text += [f"## {path.rpartition('.')[2]}", f"`{path}`: {cell(arguments.get('description', ''))}"]
        own = {key: value for key, value in arguments.get("properties", {}).items() if key != "$schema"}
        text.append(options_table(own, linked) if own else "It has no keys.")
    return "\n\n".join(text) + "\n"
