"""The parser's loader, for which YAML is what it seems: in files that configs name, too."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import yaml
from jsonargparse import get_loader, set_loader

from revisual.core.errors import UserError
from revisual.core.yaml_text import explain_yaml, load_yaml


class BoundedLoader:
    """A loader of YAML that refuses what `load_yaml` refuses.

    Args:
        loader: reads what is not refused.
    """

    def __init__(self, loader: Callable[[str], Any]) -> None:
        self.loader = loader

    def __call__(self, text: str) -> Any:
        """Return what a text stands for.

        Raises:
            yaml.YAMLError: it is no YAML; says where.
            UserError: its aliases stand for too much, or it is nested too deeply.
        """
        if "*" in text and "&" in text:  # aliases and what they stand for
            with suppress(yaml.YAMLError):  # the parser tells what is wrong with it
                load_yaml(text)
        try:
            return self.loader(text)
        except yaml.YAMLError as error:
            raise yaml.YAMLError(explain_yaml(error)) from error
        except RecursionError:
            raise UserError("a value is nested too deeply") from None


def bound_loader() -> None:
    """Let the parser's loader of YAML be a bounded one."""
    loader: Any = get_loader("yaml")
    if not isinstance(loader, BoundedLoader):
        set_loader("yaml", BoundedLoader(loader), exceptions=(yaml.YAMLError,))
