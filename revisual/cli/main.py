"""`revisual COMMAND`: finds the command's module and imports nothing else, so that help is there at once."""

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "fit": ("revisual.config.training_cli", "Train a policy (SFT or GRPO) from a config."),
    "validate": ("revisual.config.training_cli", "Answer and grade the validation set."),
    "test": ("revisual.config.training_cli", "Answer and grade the test set."),
    "predict": ("revisual.config.training_cli", "Answer questions, and write responses.jsonl."),
    "plan": ("revisual.cli.plan", "Say what a run of `fit` will need, before a GPU is taken."),
    "pipeline": ("revisual.cli.pipeline", "Chain stages, each from the folder that the one before exported."),
    "export": ("revisual.cli.export", "Write a checkpoint's policy as a Hugging Face folder."),
    "grade": ("revisual.cli.grade", "Grade the responses in a file by their gold answers."),
    "evaluate": ("revisual.cli.evaluate", "Ask a model the questions of benchmarks, and grade its answers."),
    "score": ("revisual.cli.score", "Grade the answers of an evaluation again, without a model."),
    "compare": ("revisual.cli.compare", "Compare two evaluations, question by question."),
    "generate": ("revisual.cli.generate", "Answer questions about pictures, on the terminal or from a file."),
    "curate": ("revisual.cli.curate", "Make balanced training data of many sources: GRAMMAR."),
    "bridge": ("revisual.cli.bridge", "Make cold-start samples about pictures from two models."),
    "tiny": ("revisual.cli.tiny", "Make a tiny untrained policy, as a Hugging Face folder."),
}


def usage() -> str:
    """The text of `revisual --help`."""
    lines = [f"  {name:10} {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: revisual COMMAND [--config FILE ...] [--OPTION VALUE ...]",
            "",
            "Teach language models to reason about pictures.",
            "",
            "commands:",
            *lines,
            "",
            "revisual COMMAND --help lists a command's options.",
        ]
    )


def main(args: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status. Bad input ends with one line on stderr and status 2."""
    given = list(sys.argv[1:] if args is None else args)
    if not given or given[0] in ("-h", "--help"):
        print(usage())
        return 0
    if given[0] == "--version":
        from revisual import __version__

        print(f"revisual {__version__}")
        return 0
    if given[0] not in COMMANDS:
        print(f"revisual: no command {given[0]!r}; there are: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    from revisual.core.errors import UserError

    try:
        run = import_module(COMMANDS[given[0]][0]).run
        run(given)
    except UserError as error:
        line = str(error).rpartition("UserError: ")[2].strip()  # a loader's worker puts its traceback before it
        print(f"revisual {given[0]}: {line}", file=sys.stderr)
        return 2
    return 0
