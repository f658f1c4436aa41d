"""`revisual plan`: what a run will need, before a device is taken."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from json import dumps
from pathlib import Path

from rich.console import Console

from revisual.cli.command import FunctionCommand
from revisual.cli.init import shipped_configs
from revisual.cli.plan_table import as_json, show
from revisual.core.errors import UserError
from revisual.core.ranges import Count, NonNegativeInt, PositiveInt
from revisual.memory_plan.advice import advice
from revisual.memory_plan.check import estimate_run, machine_of
from revisual.memory_plan.config import Configured, configure, parse_options
from revisual.memory_plan.workload import Given

UNITS = {"GB": 10**9, "GIB": 2**30, "MB": 10**6, "MIB": 2**20}


def memory_size(text: str) -> int:
    """Return the bytes of a size with its unit.

    Example: `memory_size("80GB") == 80_000_000_000`

    Raises:
        UserError: it is no size.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]I?B)\s*", text.upper())
    if not found or found[2] not in UNITS:
        raise UserError(f"--gpu_memory {text}: give a number with GB, GiB, MB or MiB, such as 80GB")
    return int(float(found[1]) * UNITS[found[2]])


def plan(
    *,
    devices: Count | None = None,
    devices_per_node: Count = 8,
    gpu_memory: str | None = None,
    prompt_tokens: PositiveInt | None = None,
    response_tokens: PositiveInt | None = None,
    pictures: NonNegativeInt | None = None,
    architecture: Path | None = None,
    json: bool = False,
    rest: Sequence[str] = (),
) -> int:
    """Say what a run of `revisual fit` will need, before a GPU is taken.

    All other options are those of `revisual fit`: --config FILE ..., --model.init_args..., and so on.

    Returns:
        3 where it does not fit.

    Args:
        devices: in all nodes; by default what the config says.
        devices_per_node: devices that share a node's memory.
        gpu_memory: of a device, such as 80GB.
        prompt_tokens: of the longest prompt, in place of data.max_prompt_tokens.
        response_tokens: of the longest response, in place of the config's limit.
        pictures: in a prompt; by default 1, or 0 where the tower is frozen.
        architecture: a model's config.json, where its folder is not there yet; or the name of a shipped one, such as
            qwen2_5_vl_7b.
        json: print JSON, sizes in bytes.
        rest: the options of `revisual fit`.
    """
    if any(word.startswith("--print_config") for word in rest):
        parse_options(rest)  # prints it, and ends
    memory = None if gpu_memory is None else memory_size(gpu_memory)
    screen = Console(stderr=True, highlight=False)
    with _telling(screen) as tell, redirect_stdout(sys.stderr):
        configuration = _configure(rest, architecture)
        machine = machine_of(configuration.config, devices, devices_per_node, memory)
        given = Given(prompt_tokens, response_tokens, pictures)
        found = estimate_run(configuration, machine, given, lambda what: tell(f"on shapes alone: {what}"))
    changes = advice(found, configuration.config)
    if json:
        print(dumps(as_json(found, changes), indent=2))
    else:
        show(found, changes, Console(highlight=False, width=None if screen.is_terminal else 120))
    return 3 if found.fits is False else 0


@contextmanager
def _telling(screen: Console) -> Iterator[Callable[[str], None]]:
    """Yield what shows what is being done: a line that is replaced by the next, or lines where there is no terminal."""
    with screen.status("reading the config") as status:
        yield status.update if screen.is_terminal else screen.print


def _configure(rest: Sequence[str], architecture: Path | None) -> Configured:
    if architecture is not None:
        return configure(rest, find_architecture(architecture))
    try:
        return configure(rest, None)
    except UserError as error:
        policy = parse_options(rest)[1].model.get("init_args.policy.init_args.path")
        if not str(error).startswith(f"{policy}: "):
            raise
        raise UserError(f"{error}; or plan without it: --architecture qwen2_5_vl_7b") from error


def find_architecture(given: Path) -> Path:
    """Return the config.json that is meant: a file, or the shipped one of that name.

    Raises:
        UserError: it is neither.
    """
    shipped = {path.stem: path for path in sorted((shipped_configs() / "architectures").glob("*.json"))}
    if given.exists() or str(given) not in shipped:
        if not given.is_file():
            raise UserError(f"--architecture {given}: no such file; shipped ones are {', '.join(shipped)}")
        return given
    return shipped[str(given)]


COMMAND = FunctionCommand(plan)
