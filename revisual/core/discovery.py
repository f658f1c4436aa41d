"""The modules of a package, found by looking instead of by a list: a new file is known at once."""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from inspect import isabstract
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeVar

_DERIVED_CLASS = re.compile(r"^class \w+\(", re.MULTILINE)

T = TypeVar("T")


def find_modules(package: str) -> Iterator[str]:
    """Yield the names of all modules of a package and of the packages below it, in alphabetical order."""
    found = import_module(package)
    for module in sorted(iter_modules(found.__path__, f"{package}."), key=lambda one: one.name):
        if module.ispkg:
            yield from find_modules(module.name)
        else:
            yield module.name


def import_modules(packages: Iterable[str]) -> list[ModuleType]:
    """Import the modules of packages that define a class derived from another.

    Others cannot hold an implementation of a contract, and are not worth the time. A module that needs a package
    which is not installed is left out: so is what it defines.

    Args:
        packages: by their full names.

    Returns:
        The imported modules.
    """
    modules = []
    for name in dict.fromkeys(module for package in packages for module in find_modules(package)):
        if not _defines_derived_class(name):
            continue
        try:
            modules.append(import_module(name))
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] == name.partition(".")[0]:
                raise
    return modules


def find_subclasses(base: type[T], packages: Iterable[str]) -> list[type[T]]:
    """Find the concrete classes that packages define under `base`.

    Args:
        base: the contract; it is among the classes found if it is concrete and of the packages.
        packages: by their full names.

    Returns:
        The classes in the order of their modules, and of their definition within one.
    """
    return [
        one
        for module in import_modules(packages)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, base) and one.__module__ == module.__name__ and not isabstract(one)
    ]


def _defines_derived_class(name: str) -> bool:
    spec = find_spec(name)
    get_source = getattr(spec and spec.loader, "get_source", None)
    source = get_source(name) if get_source is not None else None
    return source is None or _DERIVED_CLASS.search(source) is not None  # without its source, only an import can tell
