"""Own parts that still have the signature of the last release: they go on working, with one line of warning."""

import inspect
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def takes(function: Callable[..., Any], name: str) -> bool:
    """Return whether a function takes a parameter new in this release; warn once per function that does not.

    Example: `takes(lambda response, truncated: None, "truncated")`
    """
    parameters = inspect.signature(function).parameters.values()
    if any(one.name == name or one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return True
    _warn(function, f"takes no `{name}`")
    return False


@cache
def has_old_parameter(function: Callable[..., Any], name: str) -> bool:
    """Return whether a function takes a parameter gone in this release; warn once per function that does.

    Example: `not has_old_parameter(lambda responses, grades: None, "samples")`
    """
    if name not in inspect.signature(function).parameters:
        return False
    _warn(function, f"takes `{name}`")
    return True


def _warn(function: Callable[..., Any], fault: str) -> None:
    message = f"{function.__module__}.{function.__qualname__} {fault}: the next release no longer knows this signature"
    warnings.warn(message, FutureWarning, stacklevel=4)
