"""`revisual fit`, `validate`, `test` and `predict`: Lightning's commands, with every part swappable by class path."""

import os
import signal
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from jsonargparse import Namespace
from lightning.fabric.utilities.rank_zero import _get_rank
from lightning.pytorch import Trainer
from lightning.pytorch.cli import LightningArgumentParser

from revisual.cli.command import Command
from revisual.cli.run_folder import choose_checkpoint, newest_last, require_unused
from revisual.cli.run_summary import RunSummary
from revisual.config.run_checks import require_accelerator
from revisual.config.training_cli import TrainingCLI, make_cli, make_parsers
from revisual.core.checkpoint_files import STOPPED, find_checkpoints
from revisual.core.distributed import is_distributed, place_on_node
from revisual.core.errors import UserError
from revisual.core.files import naming_errors
from revisual.core.folders import remove_leftovers
from revisual.core.interrupt import Interrupted
from revisual.data.prompting import read_prompting
from revisual.memory_plan.check import require_room

QUIET = (
    ".*does not have many workers",
    "You have overridden `transfer_batch_to_device`",  # on purpose
    "Total length of `list` across ranks is zero",  # no validation data
    "It is recommended to use `self.log",  # what is logged is the same on every rank
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    "When saving the DeepSpeed Stage 3 checkpoint",  # `revisual export` is what it advises
    r"`torch\.distributed\.\w+` is deprecated",
)
"""Warnings of Lightning, torch and DeepSpeed that a user can do nothing about."""


CHOSEN_BY_LIGHTNING = ("best", "last", "hpc", "registry")
"""Words that stand for a checkpoint."""


PLANNED = "REVISUAL_PLANNED"
"""A variable that tells the processes which Lightning starts for a node's first one that this one has planned."""


class FitCLI(TrainingCLI):
    """Runs what it parsed."""

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse the words, and keep them."""
        self._words = list(args)
        super().parse_arguments(parser, args)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Make the trainer, on a GPU only where there is one; the config's parts have been made and checked by then."""
        require_accelerator(self.config[self.subcommand].trainer.accelerator)
        return super().instantiate_trainer(**kwargs)

    def before_instantiate_classes(self) -> None:
        """Keep what a run writes together, and go on with a run that was asked to leave."""
        super().before_instantiate_classes()
        config = self.config[self.subcommand]
        if self.subcommand != "fit" and config.ckpt_path is None:
            self._ask_as_trained(config.model.get("init_args", Namespace()))
        root = config.trainer.default_root_dir and Path(config.trainer.default_root_dir)
        if self.subcommand == "fit" and root is not None and _get_rank() in (None, 0):
            remove_leftovers(root)
        config.ckpt_path = self._choose_checkpoint(config.ckpt_path, root or Path())
        # By every process: the first one writes nothing before all have met, and alone would leave the others waiting.
        if self.subcommand == "fit" and (config.ckpt_path is None or config.ckpt_path == "last"):
            require_unused(root)
        os.environ[PLANNED] = "1"

    def _choose_checkpoint(self, asked: str | None, root: Path) -> str | None:
        """Return the checkpoint to begin from.

        Raises:
            UserError: the one that is asked for is not there, or none is whole.
        """
        if self.subcommand == "fit" and asked is None and (root / STOPPED).exists():
            found = str(choose_checkpoint(root, find_checkpoints(root)[0]))
            print(f"going on from {found}", flush=True)
            return found
        if asked == "last" and (there := find_checkpoints(root)):
            return str(choose_checkpoint(root, there[0]))
        if asked in (None, *CHOSEN_BY_LIGHTNING):
            return asked
        if not Path(asked).exists():
            raise UserError(f"ckpt_path: {asked}: there is no such checkpoint")
        newest = newest_last(Path(asked))
        if newest != Path(asked):
            print(f"{newest} is newer than {asked}, and is taken", flush=True)
        return str(newest)

    def _run_subcommand(self, subcommand: str) -> None:
        """Run; what Lightning's own loggers cannot write is told with the run's folder."""
        with naming_errors(Path(self.config[subcommand].trainer.default_root_dir or ".")):
            super()._run_subcommand(subcommand)

    def after_fit(self) -> None:
        """Say what the run came to, and write its report."""
        summary = next((each for each in self.trainer.callbacks if isinstance(each, RunSummary)), None)  # type: ignore[attr-defined]
        if summary is None or not self.trainer.is_global_zero or self.trainer.interrupted:
            return
        print(*summary.lines(self.trainer, self.model), sep="\n")
        seed = self.config[self.subcommand].seed_everything
        print(f"report: {summary.write_report(self.trainer, self.model, int(seed))}", flush=True)

    def _ask_as_trained(self, module: Namespace) -> None:
        """Ask an export as it was trained to be asked, unless the config says how."""
        known = read_prompting(str(module.get("policy.init_args.path", "")))
        if known is None or known.system_prompt == module.get("system_prompt"):
            return
        name, *words = self._words
        given = self.parser.parse_args([name, "--seed_everything=0", *words], defaults=False)[name]
        if "system_prompt" in given.model.get("init_args", {}):
            print("model.system_prompt: is not the one that the policy's export was trained with", flush=True)
        else:
            module.system_prompt = known.system_prompt
            print(f"asked with the system prompt of {module.policy.init_args.path}", flush=True)


class FitCommand(Command):
    """One of Lightning's subcommands."""

    def signals(self) -> AbstractContextManager[None]:
        """Leave Ctrl-C and SIGTERM to Lightning, which saves and ends its processes."""
        return nullcontext()

    def parser(self, name: str) -> LightningArgumentParser:
        """Make the subcommand's parser."""
        return make_parsers()[name]

    def run(self, name: str, words: Sequence[str]) -> None:
        """Parse the options and run."""
        for message in QUIET:
            warnings.filterwarnings("ignore", message=message)
        try:
            is_planned = PLANNED in os.environ and place_on_node()
            if name == "fit" and not is_planned and torch.cuda.is_available():
                require_room(words, torch.cuda.get_device_properties(0).total_memory)
            make_cli([name, *words], FitCLI)
        except UserError as error:
            if place_on_node() and not is_distributed():
                raise SystemExit(2) from error  # the node's first process met it too, and tells it
            raise
        except (SystemExit, KeyboardInterrupt) as end:
            if isinstance(end, KeyboardInterrupt) or isinstance(end.__context__, KeyboardInterrupt):
                raise Interrupted(signal.SIGINT) from end  # which Lightning ends with exit status 1
            raise


COMMAND = FitCommand()
