"""A config of `revisual fit`, read as it reads it, and the module that it makes, without weights."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from revisual.config.parser import one_line_errors
from revisual.config.training_cli import TrainingCLI, make_cli
from revisual.core.errors import UserError
from revisual.models.processor import save_processor
from revisual.models.tiny import TinyArchitecture, make_tiny_processor
from revisual.rollout.engine import RolloutEngine
from revisual.rollout.hf.engine import HFRollout
from revisual.training.policy_module import PolicyModule


class _Parsing(TrainingCLI):
    """Parses, and makes nothing."""

    def instantiate_classes(self) -> None:
        pass

    def _set_seed(self) -> None:
        pass

    def _run_subcommand(self, subcommand: str) -> None:
        pass


@dataclass(frozen=True)
class Configured:
    """A parsed config, and its module with the policy on the meta device."""

    config: Any
    module: PolicyModule
    engine: RolloutEngine
    """What draws answers; it is asked what it takes, and never started."""


class UnknownModule(UserError):
    """The config's module is neither an SFTModule nor a GRPOModule."""


def parse_options(args: Sequence[str], command: str = "fit") -> tuple[Any, Any]:
    """Return the parser of `revisual fit`, or of another of Lightning's commands, and what it makes of `args`.

    Raises:
        UserError: the command would refuse them.
    """
    cli = make_cli([command, *args], _Parsing)
    return cli._parser(command), cli.config[command]


def make_data(parser: Any, config: Any) -> Any:
    """Return the data module of a parsed config, without its model."""
    without = config.clone()
    del without["model"]
    with one_line_errors():
        return parser.instantiate_classes(without).data


def configure(args: Sequence[str], architecture: Path | None, command: str = "fit") -> Configured:
    """Return the config and its module.

    The engine is not attached, and a GPU's attention kernel is taken for the CPU's, which holds as much: neither needs
    to be there where a run is planned.

    Raises:
        UserError: the config, or the model folder, cannot be read.
    """
    parser, config = parse_options(args, command)
    policy = config.model.init_args.policy
    if policy.init_args.get("attention") in ("flash", "torch"):
        policy.init_args["attention"] = "sdpa"
    with _folder(architecture) as folder, one_line_errors():
        if folder is not None:
            policy.init_args["path"] = str(folder)
        module = parser.instantiate_classes(config).model
        if not isinstance(module, PolicyModule):
            raise UnknownModule(f"model: {type(module).__name__} is no SFTModule or GRPOModule, which plan knows")
        engine, module.engine.engine = module.engine.engine, HFRollout()
        with torch.device("meta"):
            module.configure_model()
    return Configured(config, module, engine)


@contextmanager
def _folder(architecture: Path | None) -> Iterator[Path | None]:
    """Yield a model folder with the config alone and a small tokenizer, which takes as long prompts as any."""
    if architecture is None:
        yield None
        return
    try:
        published = json.loads(architecture.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"--architecture {architecture}: no config.json of a model: {error}") from error
    with TemporaryDirectory() as made:
        folder = Path(made)
        family = str(published.get("model_type"))
        processor = make_tiny_processor(TinyArchitecture(), ["0 1 2 3 4 5 6 7 8 9"], family)
        save_processor(processor, folder)
        shutil.copy(architecture, folder / "config.json")
        yield folder
