"""The parser's loader, for which YAML is what it seems: in files that configs name, too."""

from contextlib import suppress
from typing import Any

import yaml
from jsonargparse import get_loader, set_loader

from revisual.core.errors import UserError
from revisual.core.yaml_text import load_yaml


def bound_loader() -> None:
    """Let the parser's loader of YAML refuse what `load_yaml` refuses."""
    loader: Any = get_loader("yaml")
    if hasattr(loader, "is_bounded"):
        return

    def load(text: str) -> Any:
        if "*" in text and "&" in text:  # aliases and what they stand for
            with suppress(yaml.YAMLError):  # the parser tells what is wrong with it
                load_yaml(text)
        try:
            return loader(text)
        except RecursionError:
            raise UserError("a value is nested too deeply") from None

    load.is_bounded = True  # type: ignore[attr-defined]
    set_loader("yaml", load, exceptions=(yaml.YAMLError,))
