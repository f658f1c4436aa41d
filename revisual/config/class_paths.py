"""What a config's `class_path` may name: parts of the type that its key wants, and nothing of Python's own library."""

import sys
from collections.abc import Callable, Iterator, Mapping
from inspect import isclass
from typing import Any, get_args, get_origin, get_type_hints

from jsonargparse import Namespace, set_parsing_settings

from revisual.config.expected import classes_in

set_parsing_settings(import_path_denylist=sorted(sys.stdlib_module_names | {"builtins"}))
"""Refused before anything is imported: no part is in Python's own library, and much of it acts when it is called."""

DO_NOTHING = {
    "lightning.pytorch.callbacks.callback.Callback", "lightning.pytorch.core.datamodule.LightningDataModule",
    "lightning.pytorch.core.module.LightningModule", "torch.optim.lr_scheduler.LRScheduler",
    "torch.optim.optimizer.Optimizer",
}  # fmt: skip
"""Not abstract, but of no use by themselves."""


def check_class_paths(annotation: Any, value: Any) -> None:
    """Check that the functions that a parsed value names return what its key wants.

    The parser checks classes; a function under `class_path` it would call, whatever that is.

    Args:
        annotation: the key's type, such as `PolicyLoader | None` or `Callable[[Iterable[Parameter]], Optimizer]`.
        value: what was parsed and is not called yet.

    Raises:
        ValueError: a function's annotation does not say that it returns what is wanted, or a class is one that others
            derive from and that does nothing itself, which the parser takes for an empty section.
    """
    wanted = tuple(_wanted(annotation))
    for path in _class_paths(value):
        found = _resolve(path)
        if isclass(found) and f"{found.__module__}.{found.__name__}" in DO_NOTHING:
            raise ValueError(f"expected a class, got {path!r}")
        if found is None or isclass(found):
            continue
        returned = _returned(found)
        if not (wanted and isclass(returned) and issubclass(returned, wanted)):
            names = " or ".join(one.__name__ for one in wanted)
            others = f", or a function that returns {names}" if names else ""
            raise ValueError(f"expected a class{others}, got {path!r}")


def _wanted(annotation: Any) -> Iterator[type]:
    """Yield the classes whose objects fit a type; for a callable none do that a function could return."""
    arguments = get_args(annotation)
    if not arguments:
        yield from classes_in(annotation)
    elif get_origin(annotation) is not Callable:
        for part in arguments:
            yield from _wanted(part)


def _class_paths(value: Any) -> Iterator[str]:
    """Yield the class paths of a value, or of each in a list or mapping; keys within `init_args` check their own."""
    if isinstance(value, (Mapping, Namespace)):
        if isinstance(value.get("class_path"), str):
            yield value["class_path"]
        else:
            for part in vars(value).values() if isinstance(value, Namespace) else value.values():
                yield from _class_paths(part)
    elif isinstance(value, list):
        for part in value:
            yield from _class_paths(part)


def _resolve(path: str) -> Any:
    """Return what a path names, where the parser has imported its module."""
    module, _, name = path.rpartition(".")
    return getattr(sys.modules.get(module), name, None)


def _returned(function: Any) -> Any:
    try:
        return get_type_hints(function).get("return")
    except (NameError, TypeError):
        return None
