"""Packages that are imported only where they are used."""

from importlib.util import find_spec

from revisual.core.errors import UserError


def needed(module: str, what: str, package: str | None = None) -> None:
    """Says what to install where a package is missing.

    Raises:
        UserError: it is.
    """
    if find_spec(module) is None:
        hint = f"pip install {package}" if package else 'pip install "revisual[curation]"'
        raise UserError(f"{what} needs the package {module}: {hint}")
