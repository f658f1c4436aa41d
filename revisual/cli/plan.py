"""`revisual plan`: what a run will need, before a device is taken."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from rich.console import Console

from revisual.core.errors import UserError
from revisual.memory_plan.advice import advice
from revisual.memory_plan.config import Configured, configured, parsed
from revisual.memory_plan.estimate import Estimate, Machine, Planner
from revisual.memory_plan.table import as_json, show
from revisual.memory_plan.workload import Given

UNITS = {"GB": 10**9, "GIB": 2**30, "MB": 10**6, "MIB": 2**20}


def memory_size(text: str) -> int:
    """Bytes of a size with its unit.

    Example: `memory_size("80GB") == 80_000_000_000`

    Raises:
        UserError: it is no size.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]I?B)\s*", text.upper())
    if not found or found[2] not in UNITS:
        raise UserError(f"--gpu_memory {text}: give a number with GB, GiB, MB or MiB, such as 80GB")
    return int(float(found[1]) * UNITS[found[2]])


def machine_of(config: Any, devices: int | None, per_node: int, memory: int | None) -> Machine:
    """What is planned for: the command line's devices, or else the config's."""
    trainer = config.trainer
    own = trainer.devices if isinstance(trainer.devices, int) and trainer.devices > 0 else 1
    count = devices or own * int(trainer.num_nodes or 1)
    return Machine(count, per_node, memory, is_gpu=trainer.accelerator != "cpu")


def run(args: Sequence[str]) -> None:
    """Runs the command."""
    options, rest = _parser().parse_known_args(args[1:])
    for name in ("devices", "devices_per_node", "prompt_tokens", "response_tokens"):
        if (value := getattr(options, name)) is not None and value < 1:
            raise UserError(f"--{name} {value}: must be at least 1")
    if any(word.startswith("--print_config") for word in rest):
        parsed(rest)  # prints it, and ends
    memory = None if options.gpu_memory is None else memory_size(options.gpu_memory)
    screen = Console(stderr=True)
    with screen.status("reading the config") as status, redirect_stdout(sys.stderr):
        configuration = configured(rest, options.architecture)
        machine = machine_of(configuration.config, options.devices, options.devices_per_node, memory)
        given = Given(options.prompt_tokens, options.response_tokens, options.pictures)
        plan = estimated(configuration, machine, given, lambda what: status.update(f"on shapes alone: {what}"))
    changes = advice(plan, configuration.config)
    if options.json:
        print(json.dumps(as_json(plan, changes), indent=2))
    else:
        show(plan, changes, Console(highlight=False, width=None if screen.is_terminal else 120))


def estimated(configuration: Configured, machine: Machine, given: Given, say: Any = lambda _: None) -> Estimate:
    """The plan of a configured run."""
    return Planner(configuration, machine, given, say).estimate()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise UserError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="revisual plan",
        description="Says what a run of `revisual fit` will need, before a GPU is taken.",
        epilog="All other options are those of `revisual fit`: --config FILE ..., --model.init_args..., and so on.",
        allow_abbrev=False,
    )
    parser.add_argument("--devices", type=int, help="in all nodes; by default what the config says")
    parser.add_argument("--devices_per_node", type=int, default=8)
    parser.add_argument("--gpu_memory", help="of a device, such as 80GB")
    parser.add_argument("--prompt_tokens", type=int, help="of the longest prompt, in place of data.max_prompt_tokens")
    parser.add_argument("--response_tokens", type=int, help="of the longest response, in place of the config's limit")
    parser.add_argument("--pictures", type=int, help="in a prompt; by default 1, or 0 where the tower is frozen")
    parser.add_argument("--architecture", type=Path, help="a model's config.json, where its folder is not there yet")
    parser.add_argument("--json", action="store_true", help="print JSON, sizes in bytes")
    return parser
