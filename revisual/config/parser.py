"""Command-line parsing with errors of one line, and our classes known by short name."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from jsonargparse import ArgumentParser, auto_cli

from revisual.config.messages import one_line
from revisual.core.errors import UserError

PARTS = (
    "revisual.data.readers", "revisual.data.synthetic.arithmetic", "revisual.data.synthetic.bars",
    "revisual.data.synthetic.shapes", "revisual.data.prompts", "revisual.data.sft", "revisual.models.policy",
    "revisual.models.lora", "revisual.rewards.functions", "revisual.rewards.repetition",
    "revisual.rewards.reflection", "revisual.rewards.image_revisit", "revisual.grading.grader",
    "revisual.rl.advantages", "revisual.rl.filters", "revisual.rl.losses", "revisual.rl.schedules",
    "revisual.rollout.hf.engine", "revisual.rollout.vllm.engine", "revisual.rollout.vllm.server",
    "revisual.training.lr_schedulers", "revisual.training.sft", "revisual.training.grpo", "revisual.callbacks",
    "revisual.training.strategies",
)  # fmt: skip


def import_parts(parts: Sequence[str] = PARTS) -> None:
    """Imports modules, after which jsonargparse knows their classes by short name."""
    for part in parts:
        import_module(part)


class ParserError(Exception):
    """A parser's whole message; parsers within parsers quote each other's."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Says what is wrong and where in one line, instead of after sixty lines of usage."""
    try:
        yield
    except ParserError as error:
        raise UserError(one_line(str(error), PARTS)) from error
    except ValueError as error:
        if not str(error).startswith("Does not validate against any of the Union subtypes"):
            raise
        raise UserError(one_line(str(_first_cause(error)))) from error  # a class refused what it was given


def _first_cause(error: BaseException) -> BaseException:
    """What our own code said, or else what was raised first."""
    if isinstance(error, UserError) or error.__cause__ is None:
        return error
    return _first_cause(error.__cause__)


class OneLineErrors:
    """A parser for use within `one_line_errors`."""

    def error(self, message: str, ex: Exception | None = None) -> None:
        """Raises the message as a `ParserError`."""
        raise ParserError(message) from ex


class OneLineParser(OneLineErrors, ArgumentParser):
    """A parser whose errors are one line."""


def run_function(function: Callable[..., Any], args: Sequence[str]) -> Any:
    """Calls `function` with arguments from the command line or `--config`."""
    with one_line_errors():
        return auto_cli(function, args=list(args), as_positional=False, parser_class=OneLineParser, prog="revisual")
