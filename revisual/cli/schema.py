"""`revisual schema`: what a config may hold, for editors."""

import json
from importlib import import_module

from revisual.cli.command import FunctionCommand
from revisual.cli.main import COMMANDS, no_command
from revisual.config.schema import make_schema
from revisual.core.errors import UserError


def schema(command: str) -> None:
    """Print the JSON Schema of a command's configs, by which editors complete keys and mark mistakes.

    Args:
        command: whose configs; those of `fit` are all stages and overlays.
    """
    if command not in COMMANDS:
        raise UserError(no_command(command))
    described = make_schema(import_module(f"revisual.cli.{COMMANDS[command][0]}").COMMAND.parser(command))
    print(json.dumps(described, indent=1))


COMMAND = FunctionCommand(schema)
"""What `revisual schema` runs."""
