"""Planning a run of `revisual fit` before it begins, and refusing one that has no room."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from revisual.core.errors import UserError
from revisual.memory_plan.config import Configured, configure, parse_options
from revisual.memory_plan.estimate import Estimate, Machine, Planner
from revisual.memory_plan.workload import Given

_log = logging.getLogger(__name__)

STRATEGIES = ("fsdp2", "deepspeed_stage_3_offload")
"""Of `configs/strategy`, those that divide most, the faster one first."""


def machine_of(config: Any, devices: int | None, per_node: int | None, memory: int | None) -> Machine:
    """Return what is planned for: the given devices, in all and on a node, or else the config's."""
    trainer = config.trainer
    own = _count(trainer.devices)
    count = devices or own * int(trainer.num_nodes or 1)
    return Machine(count, per_node or own, memory, is_gpu=trainer.accelerator != "cpu")


def _count(devices: Any) -> int:
    """Return how many devices of a node `trainer.devices` stands for: a number, a list, either as text, or all."""
    listed = devices if isinstance(devices, list) else str(devices).rstrip(",").split(",")
    if isinstance(devices, list) or "," in str(devices):
        return len(listed)
    return int(listed[0]) if listed[0].isdigit() else max(1, torch.cuda.device_count())


def estimate_run(
    configuration: Configured, machine: Machine, given: Given, say: Callable[[str], None] = lambda _: None
) -> Estimate:
    """Return the plan of a configured run."""
    return Planner(configuration, machine, given, say).estimate()


def require_room(words: Sequence[str], memory: int) -> None:
    """Check that a run fits its GPUs, before weights are loaded.

    A run on CPUs is not planned: it shares its memory with others, may borrow from the disk, and is seldom so long
    that the quarter of a minute would be well spent. Nor does a run end by what `plan` does not know: that is told in
    the log.

    Args:
        words: the options of `revisual fit`.
        memory: bytes of a GPU.

    Raises:
        UserError: it does not fit; says which shipped config would.
    """
    _, config = parse_options(words)
    if not config.check_memory or config.trainer.accelerator == "cpu":
        return
    try:
        plan = _plan(words, memory)
        nearest = None if plan.fits else _nearest(words, plan, memory)
    except Exception as error:  # of a strategy, a module or a model that only fit knows
        _log.warning("the run's memory was not planned: %s", str(error).partition("\n")[0] or type(error).__name__)
        return
    if plan.fits:
        return
    instead = "no shipped config over it does" if nearest is None else f"with --config {nearest} it does"
    raise UserError(
        f"the run does not fit: {plan.peak / 1e9:.1f} GB on each of {plan.machine.devices} devices, in the "
        f"{plan.fullest}; {(plan.machine.usable or 0) / 1e9:.1f} of {memory / 1e9:.1f} GB can be used; {instead}. "
        "`revisual plan` says more; --check_memory false starts it all the same"
    )


def _plan(words: Sequence[str], memory: int) -> Estimate:
    configured = configure(words, None)
    return estimate_run(configured, machine_of(configured.config, None, None, memory), Given())


def _nearest(words: Sequence[str], plan: Estimate, memory: int) -> Path | None:
    """Return the first shipped config with which the run fits; those come first that change least."""
    return next((path for path in _overlays(plan) if _plan([*words, f"--config={path}"], memory).fits), None)


def _overlays(plan: Estimate) -> Iterator[Path]:
    if plan.machine.devices > 1:
        yield from (shipped_configs() / f"strategy/{name}.yaml" for name in STRATEGIES)
        return
    kind = "rl" if "rollout" in plan.work.rollouts else "cold_start"
    cards = shipped_configs().glob(f"single_gpu/*gb_{kind}.yaml")
    yield from sorted(cards, key=lambda path: -int(path.name.partition("gb")[0]))


def shipped_configs() -> Path:
    """Return the folder of shipped configs: within the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    within = package / "configs"
    return within if within.is_dir() else package.parent / "configs"
