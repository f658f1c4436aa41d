"""A page for each command, from its parser."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from options import cell, options_table

from revisual.cli.main import COMMANDS
from revisual.config.schema import make_schema

OF_A_RUN = ("fit", "validate", "test", "predict")
PLAIN = ("seed_everything", "check_memory", "ckpt_path", "weights_only")
"""Options of a run that are no key of a part."""
OF_LIGHTNING = """
All other options are keys of the config: `--trainer.max_steps 100`, `--model.init_args.sampling.group_size 8`. They
stand in [Every key](../config/index.md).
"""


def command_pages() -> Iterator[tuple[str, str]]:
    """Yield the file and the text of the overview and of each command's page."""
    rows = "\n".join(f"| [{name}]({name}.md) | {cell(summary)} |" for name, (_, summary) in COMMANDS.items())
    yield (
        "commands/index.md",
        f"# Commands\n\n`revisual COMMAND --help` prints what is here.\n\n| | |\n|---|---|\n{rows}\n",
    )
    for name, (module, summary) in COMMANDS.items():
        yield f"commands/{name}.md", _page(name, summary, import_module(f"revisual.cli.{module}").COMMAND.parser(name))


def _page(name: str, summary: str, parser: Any) -> str:
    words = [action.dest for action in parser._actions if not action.option_strings]
    usage = " ".join(["revisual", name, *(word.upper() for word in words), "[--config FILE ...] [--OPTION VALUE ...]"])
    text = [f"# {name}", summary, f"```text\n{usage}\n```"]
    if name in OF_A_RUN:
        plain = [action for action in parser._actions if action.dest in PLAIN]
        rows = "\n".join(f"| `--{one.dest}` | {cell(one.help or '').replace('%s', '')} |" for one in plain)
        return "\n\n".join([*text, f"| option | what it is |\n|---|---|\n{rows}", OF_LIGHTNING])
    properties = make_schema(parser)["properties"].items()
    options = {key if key in words or key == "$schema" else f"--{key}": option for key, option in properties}
    return "\n\n".join([*text, parser.description or "", options_table(options, {})])
