"""`revisual COMMAND`: finds the command's module and imports nothing else, so that help is there at once."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

COMMANDS = {
    "init": ("init", "Copy a commented config and its layout of data into a folder of your own."),
    "fit": ("fit", "Train a policy (SFT or GRPO) from a config."),
    "validate": ("fit", "Answer and grade the validation set."),
    "test": ("fit", "Answer and grade the test set."),
    "predict": ("fit", "Answer questions, and write responses.jsonl."),
    "check": ("check", "Look at a run or a pipeline without training: configs, model, data, disk."),
    "plan": ("plan", "Say what a run of `fit` will need, before a GPU is taken."),
    "pipeline": ("pipeline", "Chain stages, each from the folder that the one before exported."),
    "export": ("export", "Write a checkpoint's policy as a Hugging Face folder."),
    "grade": ("grade", "Grade the responses in a file by their gold answers."),
    "evaluate": ("evaluate", "Ask a model the questions of benchmarks, and grade its answers."),
    "score": ("score", "Grade the answers of an evaluation again, without a model."),
    "compare": ("compare", "Compare two evaluations, question by question."),
    "generate": ("generate", "Answer questions about pictures, on the terminal or from a file."),
    "curate": ("curate", "Make balanced training data of many sources: GRAMMAR."),
    "bridge": ("bridge", "Make cold-start samples about pictures from two models."),
    "schema": ("schema", "Print the JSON Schema of configs, for editors."),
    "completion": ("completion", "Print a script for the shell that completes commands and options."),
    "tiny": ("tiny", "Make a tiny untrained policy, as a Hugging Face folder."),
}
"""By name: the module of this package whose `COMMAND` it is, and what it does in one line."""


def usage() -> str:
    """Return the text of `revisual --help`."""
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
    """Run a command.

    Returns:
        The exit status: 2 for bad input, after one line on stderr.
    """
    given = list(sys.argv[1:] if args is None else args)
    if not given or given[0] in ("-h", "--help"):
        print(usage())
        return 0
    if given[0] == "--version":
        from revisual import __version__

        print(f"revisual {__version__}")
        return 0
    if given[0] not in COMMANDS:
        print(f"revisual: {no_command(given[0])}", file=sys.stderr)
        return 2
    return run_command(*given)


def no_command(name: str) -> str:
    """Say that there is no such command, and which one is written nearly so."""
    near = get_close_matches(name, COMMANDS, n=1)
    meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(COMMANDS)}"
    return f"no command {name!r}; {meant}"


def run_command(name: str, *words: str) -> int:
    """Run a command, whose errors and interruptions end in one line.

    Returns:
        The exit status: 128 and the signal's number after an interruption.
    """
    from revisual.core.errors import UserError
    from revisual.core.files import is_full_disk
    from revisual.core.interrupt import Interrupted, interruptible

    told = "interrupted"
    try:
        with interruptible():
            command = import_module(f"revisual.cli.{COMMANDS[name][0]}").COMMAND
        told = command.interrupted
        with command.signals():
            return command.run(name, words) or 0
    except UserError as error:
        line = str(error).rpartition("UserError: ")[2].strip()  # a loader's worker puts its traceback before it
        print(f"revisual {name}: {line}", file=sys.stderr)
        return 2
    except OSError as error:
        if not is_full_disk(error):
            raise
        print(f"revisual {name}: {error.filename or 'a file'}: cannot be written: {error.strerror}", file=sys.stderr)
        return 2
    except Interrupted as interruption:
        line_end = "\n" if sys.stderr.isatty() else ""  # after the ^C that a terminal shows
        print(f"{line_end}revisual {name}: {told}", file=sys.stderr)
        return 128 + interruption.signal
