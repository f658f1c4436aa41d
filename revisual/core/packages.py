"""Packages that are imported only where they are used."""

from importlib.util import find_spec

from revisual.core.errors import UserError


def require_package(module: str, what: str, package: str | None = None) -> None:
    """Tell what to install where a package is missing.

    Args:
        module: that the package is imported by.
        what: needs it.
        package: its name; by default it belongs to the extra `curation`.

    Raises:
        UserError: it is.
    """
    if find_spec(module) is None:
        hint = f"pip install {package}" if package else 'pip install "revisual[curation]"'
        raise UserError(f"{what} needs the package {module}: {hint}")
