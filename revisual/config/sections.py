"""Whether a config has the shape of one: sections where there are sections, parts where there are parts."""

import json
from collections.abc import Callable
from typing import Any

import yaml

from revisual.core.errors import UserError
from revisual.core.ranges import MOST_SHOWN
from revisual.core.text import shorten


def check_sections(text: str, is_section: Callable[[str], bool]) -> None:
    """Check a config's text before it is parsed.

    Args:
        text: the config's; what is no YAML, the parser tells.
        is_section: whether an outermost key holds a section of options.

    Raises:
        UserError: a plain value stands for a section, and would take the place of all that it held; or a class's path
            is no text, or its options no section.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    for key, value in content.items() if isinstance(content, dict) else ():
        if is_section(str(key)) and not isinstance(value, (dict, str)):  # a text is a file's path
            raise _fault(str(key), "a section of options", value)
    _check_parts(content, "")


def _check_parts(value: Any, place: str) -> None:
    if isinstance(value, list):
        for number, one in enumerate(value):
            _check_parts(one, f"{place}{number}.")
    elif isinstance(value, dict):
        for key, one in value.items():
            if key == "class_path" and not (isinstance(one, str) and one):
                raise _fault(f"{place}class_path", "a class's name", one)
            if key == "init_args" and not isinstance(one, dict):
                raise _fault(f"{place}init_args", "a section of options", one)
            _check_parts(one, f"{place}{key}.")


def _fault(place: str, expected: str, value: Any) -> UserError:
    return UserError(f"{place}: expected {expected}, got {shorten(json.dumps(value, default=str), MOST_SHOWN)}")
