"""A page for each package, with the docstrings of its modules."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

HEAD = """# In Python

From the docstrings. Shapes stand in the types (`Float[Tensor, "rows tokens"]`), units in the descriptions.

| package | what it is |
|---|---|
"""


def api_pages() -> Iterator[tuple[str, str]]:
    """Yield the file and the text of the overview and of each package's page."""
    names = list(_packages("revisual"))[1:]
    rows = [f"| [{name}]({name}.md) | {(import_module(name).__doc__ or '').partition(chr(10))[0]} |" for name in names]
    yield "api/index.md", HEAD + "\n".join(rows) + "\n\n::: revisual\n"
    for name in names:
        title = name.removeprefix("revisual.")
        yield f"api/{name}.md", f"# {title}\n\n" + "\n\n".join(f"::: {module}" for module in _modules(name)) + "\n"


def _packages(name: str) -> Iterator[str]:
    yield name
    for below in sorted(one.name for one in iter_modules(import_module(name).__path__, f"{name}.") if one.ispkg):
        yield from _packages(below)


def _modules(package: str) -> list[str]:
    found = [one.name for one in iter_modules(import_module(package).__path__, f"{package}.") if not one.ispkg]
    return [package, *sorted(name for name in found if not name.endswith("__main__"))]
