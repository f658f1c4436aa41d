"""The commands: `revisual COMMAND`."""

from revisual.cli.main import main

__all__ = ["main"]
