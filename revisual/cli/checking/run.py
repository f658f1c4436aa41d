"""One run of `fit` or `test`, checked without training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from revisual.cli.checking.disk import find_written
from revisual.cli.checking.reading import read_first_rows
from revisual.core.errors import UserError
from revisual.memory_plan.config import UnknownModule, configure, make_data, parse_options


@dataclass(frozen=True)
class Checked:
    """What was found of one run.

    Args:
        name: of the run, such as a stage's.
        lines: what it will read, train, log and write.
        error: what is wrong, if anything is.
    """

    name: str
    lines: Sequence[str]
    error: str | None = None


def check_run(name: str, command: str, words: Sequence[str], is_model_there: bool = True) -> Checked:
    """Check a run's config, model, data and disk.

    Args:
        name: for people.
        command: `fit` or `test`.
        words: its options.
        is_model_there: whether the policy can be loaded already.
    """
    lines: list[str] = []
    try:
        _check(command, words, is_model_there, lines)
    except UserError as error:
        return Checked(name, lines, str(error))
    return Checked(name, lines)


def _check(command: str, words: Sequence[str], is_model_there: bool, lines: list[str]) -> None:
    """Add lines as far as all is well.

    Raises:
        UserError: something is not.
    """
    parser, config = parse_options(words, command)
    data, encoder, stored, trained = make_data(parser, config), None, 0, 0
    if is_model_there:
        try:
            module = configure(words, None, command).module
        except UnknownModule:
            lines.append(f"trains {config.model.class_path}, a module of your own, which is not made here")
        else:
            parameters = list(module.policy.parameters())
            stored = sum(each.numel() * each.element_size() for each in parameters)
            trained = sum(each.numel() for each in parameters if each.requires_grad) if command == "fit" else 0
            encoder = module.encoder
            lines.append(_policy(config, sum(each.numel() for each in parameters), trained))
    else:
        lines.append("policy: not there yet")
    lines += [f"reads {line}" for line in read_first_rows(data, command, encoder)]
    if command == "fit":
        lines.append(_training(config))
    lines += find_written(config.trainer, stored, trained).check()


def _policy(config: Any, parameters: int, trained: int) -> str:
    path = config.model.init_args.get("policy.init_args.path")
    what = f"{trained:,} of {parameters:,} parameters are trained" if trained else f"{parameters:,} parameters"
    return f"policy: {path}: {what}"


def _training(config: Any) -> str:
    trainer, data = config.trainer, config.data.init_args
    long = f"{trainer.max_steps:,} optimizer steps" if (trainer.max_steps or -1) > 0 else f"{trainer.max_epochs} epochs"
    where = f"accelerator {trainer.accelerator}, devices {trainer.devices}, nodes {trainer.num_nodes}"
    strategy = getattr(trainer.strategy, "class_path", trainer.strategy)
    return (
        f"trains {config.model.class_path.rpartition('.')[2]}: {long} of {data.get('batch_size')} samples per process; "
        f"{where}, strategy {strategy}, precision {trainer.precision or '32-true'}"
    )
