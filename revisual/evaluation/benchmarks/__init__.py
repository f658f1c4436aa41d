"""The shipped benchmarks, one file each. Another one is a file like these, or a `TableBenchmark` in YAML."""

from typing import Any

from revisual.core.discovery import import_modules


def __getattr__(name: str) -> Any:
    """Find a benchmark's class by its name, so that no list of them has to be kept."""
    for module in import_modules([__name__]) if not name.startswith("_") else ():
        found = vars(module).get(name)
        if isinstance(found, type) and found.__module__ == module.__name__:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
