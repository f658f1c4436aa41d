"""Benchmarks and presets by name."""

import re
from collections.abc import Sequence

from revisual.core.errors import UserError
from revisual.evaluation.benchmark import Benchmark
from revisual.evaluation.benchmarks import BENCHMARKS
from revisual.evaluation.presets import PRESETS, Preset


def chosen_benchmarks(names: str, custom: Sequence[Benchmark] = ()) -> list[Benchmark]:
    """The benchmarks named in `names`, between commas, and all of `custom`.

    Example: `chosen_benchmarks("mathverse,aime24")`

    Raises:
        UserError: there is no such benchmark, none is chosen, or one is chosen twice.
    """
    known = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in known:
            raise UserError(f"benchmarks: no benchmark {name!r}; there are: {', '.join(known)}")
    chosen = [*(known[name] for name in wanted), *custom]
    if not chosen:
        raise UserError(f"benchmarks: none is chosen; there are: {', '.join(known)}")
    for place, benchmark in enumerate(chosen):
        if benchmark.name in [other.name for other in chosen[:place]]:
            raise UserError(f"benchmarks: {benchmark.name!r} is chosen twice")
        if not re.fullmatch(r"\w[\w.-]*", benchmark.name):
            raise UserError(f"benchmarks: {benchmark.name!r} cannot be a file's name")
    return chosen


def chosen_preset(name: str) -> Preset:
    """The preset of a name.

    Raises:
        UserError: there is none; lists those that there are.
    """
    for preset in PRESETS:
        if preset.name == name:
            return preset
    raise UserError(f"preset: no preset {name!r}; there are: {', '.join(preset.name for preset in PRESETS)}")
