"""Command-line parsing with errors of one line, and our classes known by short name."""

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from jsonargparse import ArgumentParser, auto_cli

from revisual.errors import UserError

PARTS = (
    "revisual.data.readers", "revisual.data.synthetic.arithmetic", "revisual.data.synthetic.bars", "revisual.data.synthetic.shapes",
    "revisual.data.prompts", "revisual.data.sft", "revisual.models.policy", "revisual.models.lora",
    "revisual.rewards.functions", "revisual.rewards.grader", "revisual.rl.advantages", "revisual.rl.filters",
    "revisual.rl.losses", "revisual.rl.schedules", "revisual.rollout.hf", "revisual.schedulers",
    "revisual.modules.sft", "revisual.modules.grpo", "revisual.callbacks",
)  # fmt: skip


def import_parts(parts: Sequence[str] = PARTS) -> None:
    """Imports modules, after which jsonargparse knows their classes by short name."""
    for part in parts:
        import_module(part)


def one_line(message: str) -> str:
    """jsonargparse's message without its indentation and line breaks."""
    return re.sub(r"\s+", " ", message).strip()[:600]


class OneLineErrors:
    """Says what is wrong and where in one line, instead of after sixty lines of usage."""

    def error(self, message: str, ex: Exception | None = None) -> None:
        """Raises the message as a `UserError`."""
        raise UserError(one_line(message)) from ex


class OneLineParser(OneLineErrors, ArgumentParser):  # type: ignore[misc]
    """A parser whose errors are one line."""


def run_function(function: Callable[..., Any], args: Sequence[str]) -> Any:
    """Calls `function` with arguments from the command line or `--config`."""
    return auto_cli(function, args=list(args), as_positional=False, parser_class=OneLineParser, prog="revisual")
