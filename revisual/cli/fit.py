"""`revisual fit`, `validate`, `test` and `predict`: Lightning's commands, with every part swappable by class path."""

import signal
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from revisual.cli.command import Command
from revisual.config.training_cli import TrainingCLI, make_cli
from revisual.core.interrupt import Interrupted
from revisual.models.checkpoints import STOPPED

QUIET = (
    ".*does not have many workers",
    ".*args parameter is intended to run",
    "You have overridden `transfer_batch_to_device`",  # on purpose
    "Total length of `list` across ranks is zero",  # no validation data
    "It is recommended to use `self.log",  # what is logged is the same on every rank
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    "When saving the DeepSpeed Stage 3 checkpoint",  # `revisual export` is what it advises
    r"`torch\.distributed\.\w+` is deprecated",
)
"""Warnings of Lightning, torch and DeepSpeed that a user can do nothing about."""


class FitCLI(TrainingCLI):
    """Runs what it parsed."""

    def before_instantiate_classes(self) -> None:
        """Keep what a run writes together, and go on with a run that was asked to leave."""
        super().before_instantiate_classes()
        config = self.config[self.subcommand]
        stopped = Path(config.trainer.default_root_dir or ".") / STOPPED
        if self.subcommand == "fit" and config.ckpt_path is None and stopped.exists():
            print(f"going on from {stopped}", flush=True)
            config.ckpt_path = str(stopped)


class FitCommand(Command):
    """One of Lightning's subcommands."""

    def signals(self) -> AbstractContextManager[None]:
        """Leave Ctrl-C and SIGTERM to Lightning, which saves and ends its processes."""
        return nullcontext()

    def run(self, name: str, words: Sequence[str]) -> None:
        """Parse the options and run."""
        for message in QUIET:
            warnings.filterwarnings("ignore", message=message)
        try:
            make_cli([name, *words], FitCLI)
        except (SystemExit, KeyboardInterrupt) as end:
            if isinstance(end, KeyboardInterrupt) or isinstance(end.__context__, KeyboardInterrupt):
                raise Interrupted(signal.SIGINT) from end  # which Lightning ends with exit status 1
            raise


COMMAND = FitCommand()
