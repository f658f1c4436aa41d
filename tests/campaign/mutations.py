"""Configs with one value changed at random, and what `fit` does with each before it trains."""

import copy
import math
import random
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lightning.pytorch import Trainer

from revisual.config.parser import one_line_errors
from revisual.config.run_checks import check_run
from revisual.config.training_cli import TrainingCLI, make_cli
from revisual.core.errors import UserError
from revisual.pipeline.stages import class_options

CONFIGS = Path(__file__).parents[2] / "configs"
QUICKSTART = (CONFIGS / "quickstart/common.yaml", CONFIGS / "vision_r1/quickstart/common.yaml")
BASES: tuple[tuple[Path, ...], ...] = (
    *((QUICKSTART[0], CONFIGS / f"quickstart/{name}.yaml") for name in ("cold_start", "multimodal_rl", "text_rl")),
    (QUICKSTART[1], CONFIGS / "vision_r1/quickstart/rl.yaml", CONFIGS / "vision_r1/quickstart/ptst.yaml"),
    *((CONFIGS / f"revisual_r1/7b/{name}.yaml",) for name in ("cold_start", "multimodal_rl", "text_rl")),
    *((CONFIGS / f"vision_r1/7b/{name}.yaml",) for name in ("cold_start", "rl_ptst")),
)
"""Files of a run, later ones over earlier ones; the last one is mutated."""

POLICY = "model.init_args.policy.init_args.path"
"""Is not mutated: a tiny policy stands in its place."""
NUMBER, SEED = 500, 0
"""Of the campaign."""
LONGEST_LINE = 200
HANG_SECONDS = 30


@dataclass(frozen=True)
class Mutation:
    """One value of a config, changed."""

    path: tuple[str | int, ...]
    before: Any
    after: Any

    @property
    def key(self) -> str:
        """Where it stands."""
        return ".".join(map(str, self.path))


@dataclass(frozen=True)
class Outcome:
    """What `fit` did: `refused`, `accepted`, `traceback`, `hang` or `long line`."""

    base: str
    mutation: Mutation
    kind: str
    told: str = ""


def values(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every section, list and plain value of a config, with its place."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*path, key), value
        yield from values(value, (*path, key))


def wrong_values(value: Any) -> list[Any]:
    """Return what may be put in a value's place; most of it makes no sense there."""
    shapes: list[Any] = [None, [], {}, "", "nonsense", math.nan, [None], {"a": 1}]
    if isinstance(value, bool):
        return [*shapes, 2, -1]
    if isinstance(value, int):
        return [*shapes, 0, -1, -value, 10**18, 1e18, value + 0.5, math.inf, -math.inf, True]
    if isinstance(value, float):
        return [*shapes, 0, -1.0, -value, 5.0, 1e18, math.inf, -math.inf, True, value * 1e6]
    if isinstance(value, str):
        return [*shapes, 0, -1, True, value + "x", value[:-1], "\ud800", "x" * 5000, "os.system", "builtins.exec"]
    return [*shapes, 0, -1, "x", True]


def mutate(content: Any, rng: random.Random) -> tuple[Any, Mutation]:
    """Return a config with one value changed, and what was changed."""
    mutated = copy.deepcopy(content)
    path, before = rng.choice([one for one in values(content) if ".".join(map(str, one[0])) != POLICY])
    after = rng.choice([one for one in wrong_values(before) if repr(one) != repr(before)])
    place = mutated
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = after
    return mutated, Mutation(path, before, after)


DEFENDED: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("", lambda after: after in (None, {}, []), "nothing: what the option is without it, which its docs tell"),
    (
        r"(root|path|save_dir|name|default_root_dir)$",
        lambda after: isinstance(after, str),
        "any name: data are looked for when they are read, before the first step; logs get a folder of that name",
    ),
    (r"(system_prompt|prefix|response_template)$", lambda after: isinstance(after, str), "any words"),
    (r"optimizer\.class_path$", lambda after: after == "torch.optim.Adam", "another optimizer"),
    (r"max_(steps|epochs)$", lambda after: after == -1, "no limit of its own"),
    (r"trainer\.devices$", lambda after: after == -1, "all devices"),
    (r"trainer\.strategy$", lambda after: after == "fsdp", "another strategy of Lightning"),
    (r"trainer\.logger$", lambda after: after is True, "Lightning's own logger"),
    (
        r"(lr|weight_decay|weight|clip_low|clip_high|kl_coef.*value|start|end|decay|warmup|warmup_ratio|t_low|t_high"
        r"|tau_start|tau_end|seed|budget|alpha|delta|limit|every_n_train_steps|refresh_rate|gradient_clip_val"
        r"|temperature|ratio|dual_clip|every|save_last|log_every_n_steps|gpu_memory_utilization)$",
        lambda after: isinstance(after, (int, float)) and math.isfinite(after),
        "another number of the range that the option's type states",
    ),
)
"""What is accepted: where it stands, the value, and why no harm is done that is not asked for."""


def reason_for(mutation: Mutation) -> str | None:
    """Return why a mutation may be accepted; None if nobody said."""
    fits = (why for key, is_so, why in DEFENDED if re.search(key, mutation.key) and is_so(mutation.after))
    return next(fits, None)


class BeforeTraining(TrainingCLI):
    """Parses, and makes nothing."""

    def instantiate_classes(self) -> None:
        """Leave that to `check`."""

    def _run_subcommand(self, subcommand: str) -> None:
        pass


class Checker:
    """Does with configs what `fit` does before it trains: parses, and makes module, data and trainer."""

    def __init__(self, policy: Path) -> None:
        whole = f"--config={CONFIGS / 'revisual_r1/7b/text_rl.yaml'}"
        self.policy, self.parser = policy, make_cli(["fit", whole], BeforeTraining)._parser("fit")

    def check(self, files: Sequence[Path], tiny: bool) -> None:
        """Raise what `fit` would.

        Args:
            files: a run's configs.
            tiny: a CPU is all that it needs, so that its trainer can be made here.
        """
        with one_line_errors():
            options = [*class_options(list(files)), *(f"--config={path}" for path in files)]
            policy = f"--{POLICY}={self.policy}"
            config = self.parser.parse_args([*options, policy])
            check_run(config)
            if not tiny and config.model.init_args.get("engine") is not None:
                config.model.init_args["engine"] = None  # vLLM's needs a GPU
            made = self.parser.instantiate_classes(config)
            if tiny:
                Trainer(**{**made.trainer, "logger": False})


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in what takes longer."""

    def stop(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def try_mutations(number: int, seed: int, policy: Path, folder: Path) -> list[Outcome]:
    """Check so many mutated configs; equal seeds give equal configs."""
    rng, checker = random.Random(seed), Checker(policy)
    return [try_one(checker, BASES[k % len(BASES)], rng, folder) for k in range(number)]


def try_one(checker: Checker, base: Sequence[Path], rng: random.Random, folder: Path) -> Outcome:
    """Mutate the last config of a run, and see what `fit` does with it."""
    mutated, mutation = mutate(yaml.safe_load(base[-1].read_text()), rng)
    file = folder / "mutated.yaml"
    file.write_text(yaml.safe_dump(mutated))
    name = str(base[-1].relative_to(CONFIGS))
    began = time.monotonic()
    try:
        with deadline(HANG_SECONDS):
            checker.check([*base[:-1], file], tiny=base[0] in QUICKSTART)
    except UserError as error:
        line = str(error)
        is_line = len(line) < LONGEST_LINE and "\n" not in line
        return Outcome(name, mutation, "refused" if is_line else "long line", line)
    except TimeoutError:
        return Outcome(name, mutation, "hang", f"after {time.monotonic() - began:.0f} s")
    except BaseException as error:  # whatever a user would see as a traceback
        return Outcome(name, mutation, "traceback", f"{type(error).__name__}: {error}"[:500])
    return Outcome(name, mutation, "accepted")
