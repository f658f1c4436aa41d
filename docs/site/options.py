"""Options as tables, from the JSON Schema of a config."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Schema = Mapping[str, Any]
OF_EVERY_CONFIG = "$schema"
LARGEST = 2**31 - 1
"""A bound that nobody meets, and that is not told."""


def options_table(properties: Schema, linked: Mapping[str, str], prefix: str = "") -> str:
    """Return a table of options, those of a section by their dotted keys.

    Args:
        properties: of a schema, by name.
        linked: the page of each kind of part that has one.
        prefix: what stands before each name, with its dot.
    """
    lines = ["| key | type | default | what it is |", "|---|---|---|---|"]
    for name, option in _flat(properties, prefix):
        default = f"`{_short(option['default'])}`" if "default" in option else ""
        lines.append(f"| `{name}` | {kind_text(option, linked)} | {default} | {cell(option.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def kind_text(option: Schema, linked: Mapping[str, str]) -> str:
    """Say what values an option takes, with its range."""
    if "$ref" in option:
        kind = option["$ref"].rpartition("/")[2]
        return f"[{kind}]({linked[kind]})" if kind in linked else f"`{kind}`"
    if "enum" in option:
        return ", ".join(f"`{json.dumps(one).strip(chr(34))}`" for one in option["enum"])
    if "anyOf" in option:
        found = dict.fromkeys(filter(None, (kind_text(one, linked) for one in option["anyOf"])))
        return " or ".join(sorted(found, key="null".__eq__))
    names = option.get("type", "anything")
    if names == "array":
        return f"list of {kind_text(option['items'], linked)}" if "items" in option else "list"
    if names == "object":
        values = option.get("additionalProperties")
        return f"mapping to {kind_text(values, linked)}" if isinstance(values, dict) else "mapping"
    return " or ".join(names if isinstance(names, list) else [names]) + _range(option)


def cell(text: str) -> str:
    """Return a text as it stands in a cell of a table."""
    text = re.sub(r"``+", "`", " ".join(text.split()))
    return escape(text, quote=False).replace("|", "\\|").replace("[", "\\[")


def _flat(properties: Schema, prefix: str) -> Iterator[tuple[str, Schema]]:
    for name, option in properties.items():
        if name == OF_EVERY_CONFIG or name.endswith("+"):
            continue
        if "properties" in option and option.get("additionalProperties") is False:
            yield from _flat(option["properties"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", option


def _range(option: Schema) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {option[key]}" for key, sign in signs.items() if option.get(key, LARGEST) != LARGEST]
    return f" {' and '.join(found)}" if found else ""


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return (text if len(text) <= 60 else text[:57] + "...").replace("|", "\\|").replace("`", "'")
