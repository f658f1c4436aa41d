"""Benchmarks and presets by name."""

import re
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from typing import Any

from revisual.core.discovery import find_subclasses
from revisual.core.errors import UserError
from revisual.evaluation.benchmark import Benchmark
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.presets import PRESETS, Preset


def shipped_benchmarks() -> tuple[Benchmark, ...]:
    """Return the benchmarks of the package `benchmarks`: all classes there that need no arguments."""
    classes = find_subclasses(TableBenchmark, ["revisual.evaluation.benchmarks"])
    makers: list[Callable[[], Benchmark]] = [one for one in classes if all(map(_has_default, fields(one)))]
    return tuple(make() for make in makers)


def _has_default(field: Any) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def choose_benchmarks(names: str, custom: Sequence[Benchmark] = ()) -> list[Benchmark]:
    """Return the benchmarks named in `names`, between commas, and all of `custom`.

    Example: `choose_benchmarks("mathverse,aime24")`

    Raises:
        UserError: there is no such benchmark, none is chosen, or one is chosen twice.
    """
    known = {benchmark.name: benchmark for benchmark in shipped_benchmarks()}
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


def choose_preset(name: str) -> Preset:
    """Return the preset of a name.

    Raises:
        UserError: there is none; lists those that there are.
    """
    for preset in PRESETS:
        if preset.name == name:
            return preset
    raise UserError(f"preset: no preset {name!r}; there are: {', '.join(preset.name for preset in PRESETS)}")
