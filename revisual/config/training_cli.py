"""How the config of a training run is parsed: Lightning's CLI with every part swappable by class path."""

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import LightningDataModule, LightningModule
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from typing_extensions import override

from revisual.config.parser import OneLineParser, one_line_errors
from revisual.config.parts import import_parts
from revisual.config.run_checks import check_run

TRAINER_DEFAULTS = {
    # The pass before step 1 is the measurement that training is compared with: all of it, not a sample of two.
    "num_sanity_val_steps": -1,
    # Rollouts under inference_mode make tensors that FSDP2 cannot train on.
    "inference_mode": False,
    # The loaders deal items to ranks themselves, so that they can resume.
    "use_distributed_sampler": False,
    "log_every_n_steps": 1,
    "logger": [
        {"class_path": f"lightning.pytorch.loggers.{name}", "init_args": {"save_dir": ".", "name": "logs"}}
        for name in ("TensorBoardLogger", "CSVLogger")
    ],
}


PROGRESS = "revisual.cli.run_progress.RunProgress"
"""Added to the callbacks of all commands where the config lists no progress bar; by name, as `cli` lies above."""
DEFAULT_CALLBACKS = {
    "fit": (
        "revisual.callbacks.LearningWatch",
        "revisual.callbacks.StopOnSignal",
        "revisual.callbacks.StepStats",
        "revisual.cli.run_summary.RunSummary",
    ),
    "predict": ("revisual.callbacks.ResponseLog",),
}
"""By command: added to its callbacks where the config lists none of their class."""


class OneLineTrainingParser(OneLineParser, LightningArgumentParser):
    """Lightning's parser with errors of one line."""


class TrainingCLI(LightningCLI):
    """One seed for everything, one line for an error, and the config kept beside the run."""

    @override
    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.link_arguments("seed_everything", "model.init_args.seed", compute_fn=int)
        parser.link_arguments("seed_everything", "data.init_args.seed", compute_fn=int)
        parser.add_argument(
            "--check_memory",
            type=bool,
            default=True,
            help="plan a run of `fit` on GPUs first, and refuse what has no room",
        )

    def before_instantiate_classes(self) -> None:
        """Keep what a run writes together, and let it say that it cannot learn, and leave when it is asked to."""
        check_run(self.config[self.subcommand], trains=self.subcommand == "fit")
        self._put_logs_into_root()
        self._add_default_callbacks(DEFAULT_CALLBACKS.get(str(self.subcommand), ()))

    def _add_default_callbacks(self, paths: Sequence[str]) -> None:
        trainer = self.config[self.subcommand].trainer
        listed = trainer.callbacks if isinstance(trainer.callbacks, list) else [trainer.callbacks]
        callbacks = [each for each in listed if each is not None]
        names = {getattr(each, "class_path", "").rpartition(".")[2] for each in callbacks}
        if trainer.enable_progress_bar is not False and not any("Progress" in name for name in names):
            paths = [*paths, PROGRESS]
        added = [path for path in paths if path.rpartition(".")[2] not in names]
        trainer.callbacks = [*callbacks, *(Namespace(class_path=path, init_args=Namespace()) for path in added)]

    def _put_logs_into_root(self) -> None:
        """Put a logger's relative `save_dir` inside `default_root_dir`, where callbacks write too."""
        trainer = self.config[self.subcommand].trainer
        loggers = trainer.logger if isinstance(trainer.logger, list) else [trainer.logger]
        for logger in loggers:
            options = getattr(logger, "init_args", {})
            if trainer.default_root_dir is not None and options.get("save_dir") is not None:
                options["save_dir"] = str(Path(trainer.default_root_dir).absolute() / options["save_dir"])

    def _parse_ckpt_path(self) -> None:
        """Do nothing: `--ckpt_path` resumes a run, and must not replace the config by the one of the checkpoint."""


class _ParserAlone(TrainingCLI):
    """Makes the parsers of Lightning's subcommands, and parses nothing."""

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        self.config = Namespace(subcommand=args[0])

    def _set_seed(self) -> None:
        pass

    def before_instantiate_classes(self) -> None:
        pass

    def instantiate_classes(self) -> None:
        pass

    def _run_subcommand(self, subcommand: str) -> None:
        pass


@cache
def make_parsers() -> dict[str, LightningArgumentParser]:
    """Make the parsers of Lightning's subcommands, by their names."""
    return make_cli(["fit"], _ParserAlone)._subcommand_parsers


def make_cli(args: Sequence[str], cli: type[TrainingCLI]) -> TrainingCLI:
    """Parse the words of one of Lightning's subcommands, and do with them what `cli` does.

    Raises:
        UserError: a word is wrong.
    """
    import_parts()
    warnings.filterwarnings("ignore", ".*args parameter is intended to run")
    with one_line_errors():
        return cli(
            LightningModule,
            LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            auto_configure_optimizers=False,
            seed_everything_default=0,
            save_config_kwargs={"overwrite": True},
            trainer_defaults=TRAINER_DEFAULTS,
            parser_class=OneLineTrainingParser,
            load_from_checkpoint_support=False,
            args=list(args),
        )
