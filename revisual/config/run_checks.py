"""What a run lacks or cannot have, told before the policy is loaded."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import torch
from jsonargparse import Namespace
from lightning.pytorch.accelerators import AcceleratorRegistry
from lightning.pytorch.strategies import StrategyRegistry

from revisual.core.errors import UserError
from revisual.core.ranges import MOST_SHOWN
from revisual.core.text import shorten


def check_run(config: Namespace, trains: bool = True) -> None:
    """Check that module and data have classes, and which strategy, accelerator and devices the trainer is to have.

    Args:
        config: of a subcommand.
        trains: whether it is `fit`.

    Raises:
        UserError: a class is missing, there is none of the name, no device is asked for, or nothing would be trained.
    """
    for key in ("model", "data"):
        if not getattr(config.get(key), "class_path", None):
            raise UserError(f"{key}: no class is named")
    trainer = config.trainer
    _require_known("strategy", trainer.strategy, ["auto", *StrategyRegistry.available_strategies()])
    _require_known("accelerator", trainer.accelerator, ["auto", "gpu", *AcceleratorRegistry.available_accelerators()])
    _require_interval(trainer.val_check_interval)
    for key in ("max_steps", "max_epochs"):
        if trains and trainer[key] == 0:
            raise UserError(f"trainer.{key}: 0 trains nothing: give a number, or -1 for no limit of its own")
    devices = trainer.devices
    if devices in (0, "0", [], "", None) or (_is_number(devices) and int(devices) < -1):
        raise UserError(f"trainer.devices: expected a number of devices, -1 for all, auto or a list, got {devices}")


def require_accelerator(name: Any) -> None:
    """Check that this machine has the GPU that a trainer is to run on.

    Raises:
        UserError: it has none.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(str(name), name != "gpu" or any(there.values())):
        raise UserError(f"trainer.accelerator: {name}: no GPU is found on this machine; auto or cpu runs without one")


def _require_known(key: str, name: Any, known: Iterable[str]) -> None:
    if name is None or name in ([], {}):
        raise UserError(f"trainer.{key}: expected a name, got {'null' if name is None else name}")
    if isinstance(name, str) and name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UserError(f"trainer.{key}: unknown {key} {shorten(repr(name), MOST_SHOWN)}{hint}")


def _require_interval(value: Any) -> None:
    """Check when a run is validated: after so many steps, a share of an epoch, or a time."""
    is_count = isinstance(value, int) and 0 < value < 2**31
    is_share = isinstance(value, float) and 0 <= value <= 1
    is_time = isinstance(value, str) and re.fullmatch(r"\d+:\d+:\d+:\d+", value) is not None
    if isinstance(value, (int, float, str, dict, Namespace)) and not (is_count or is_share or is_time):
        expected = "expected steps, a share of an epoch or 'DD:HH:MM:SS'"
        raise UserError(f"trainer.val_check_interval: {expected}, got {shorten(repr(value), MOST_SHOWN)}")


def _is_number(devices: Any) -> bool:
    try:
        int(devices)
    except (TypeError, ValueError):
        return False
    return True
