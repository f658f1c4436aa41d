"""`fit`, `validate`, `test` and `predict`: LightningCLI with every part swappable by class path."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from lightning.pytorch import LightningDataModule, LightningModule
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from revisual.config.parser import OneLineErrors, import_parts, one_line_errors
from revisual.models.checkpoints import STOPPED

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


class OneLineTrainingParser(OneLineErrors, LightningArgumentParser):
    """Lightning's parser with errors of one line."""


class TrainingCLI(LightningCLI):
    """One seed for everything, one line for an error, and the config kept beside the run."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:  # noqa: D102
        parser.link_arguments("seed_everything", "model.init_args.seed", compute_fn=int)
        parser.link_arguments("seed_everything", "data.init_args.seed", compute_fn=int)

    def before_instantiate_classes(self) -> None:
        """Keeps what a run writes together, and goes on with a run that was asked to leave."""
        self._put_logs_into_root()
        config = self.config[self.subcommand]
        stopped = Path(config.trainer.default_root_dir or ".") / STOPPED
        if self.subcommand == "fit" and config.ckpt_path is None and stopped.exists():
            print(f"going on from {stopped}", flush=True)
            config.ckpt_path = str(stopped)

    def _put_logs_into_root(self) -> None:
        """Puts a logger's relative `save_dir` inside `default_root_dir`, where callbacks write too."""
        trainer = self.config[self.subcommand].trainer
        loggers = trainer.logger if isinstance(trainer.logger, list) else [trainer.logger]
        for logger in loggers:
            options = getattr(logger, "init_args", {})
            if trainer.default_root_dir is not None and options.get("save_dir") is not None:
                options["save_dir"] = str(Path(trainer.default_root_dir).absolute() / options["save_dir"])

    def _parse_ckpt_path(self) -> None:
        """Does nothing: `--ckpt_path` resumes a run, and must not replace the config by what the checkpoint was made
        with."""


def run(args: Sequence[str], cli: type[TrainingCLI] = TrainingCLI) -> TrainingCLI:
    """Runs one of Lightning's subcommands."""
    for message in QUIET:
        warnings.filterwarnings("ignore", message=message)
    import_parts()
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
