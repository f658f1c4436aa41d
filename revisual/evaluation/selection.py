"""Benchmarks and presets by name."""

import re
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from typing import Any

from revisual.core.discovery import find_subclasses
from revisual.core.errors import UserError
from revisual.data.prompting import FILE, read_prompting
from revisual.evaluation.benchmark import Benchmark
from revisual.evaluation.benchmarks.table import TableBenchmark
from revisual.evaluation.presets import PRESETS, Preset

TRAINED = "trained"
"""The preset of how an export was trained to be asked."""


ALL = "all"
"""In place of benchmarks' names."""


def shipped_benchmarks() -> tuple[Benchmark, ...]:
    """Return the benchmarks of the package `benchmarks`: all classes there that need no arguments."""
    classes = find_subclasses(TableBenchmark, ["revisual.evaluation.benchmarks"])
    makers: list[Callable[[], Benchmark]] = [one for one in classes if all(map(_has_default, fields(one)))]
    return tuple(make() for make in makers)


def _has_default(field: Any) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def choose_benchmarks(names: str, custom: Sequence[Benchmark] = ()) -> list[Benchmark]:
    """Return the benchmarks named in `names`, between commas, and all of `custom`; `all` stands for every shipped one.

    Example: `choose_benchmarks("mathverse,aime24")`

    Raises:
        UserError: there is no such benchmark, none is chosen, or one is chosen twice.
    """
    known = {benchmark.name: benchmark for benchmark in shipped_benchmarks()}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    wanted = [*known] if wanted == [ALL] else wanted
    for name in wanted:
        if name not in known:
            raise UserError(f"benchmarks: no benchmark {name!r}; there are: {', '.join(known)}, or {ALL}")
    chosen = [*(known[name] for name in wanted), *custom]
    if not chosen:
        raise UserError(f"benchmarks: none is chosen; there are: {', '.join(known)}")
    for place, benchmark in enumerate(chosen):
        if benchmark.name in [other.name for other in chosen[:place]]:
            raise UserError(f"benchmarks: {benchmark.name!r} is chosen twice")
        if not re.fullmatch(r"\w[\w.-]*", benchmark.name):
            raise UserError(f"benchmarks: {benchmark.name!r} cannot be a file's name")
    return chosen


def choose_preset(name: str | None, model: str) -> Preset:
    """Return the preset of a name; without one how the model's export was trained to be asked, or else the first.

    Example: `choose_preset("official", "Qwen/Qwen2.5-VL-7B-Instruct").system_prompt is None`

    Raises:
        UserError: there is none; lists those that there are.
    """
    known = read_prompting(model)
    if name == TRAINED or (name is None and known is not None):
        if known is None:
            raise UserError(f"preset: {model} has no {FILE} that says how it was trained to be asked; name another")
        return Preset(TRAINED, known.system_prompt, "", known.temperature, known.top_p)
    for preset in PRESETS:
        if name in (None, preset.name):
            return preset
    raise UserError(f"preset: no preset {name!r}; there are: {', '.join(one.name for one in PRESETS)}, {TRAINED}")


def contradiction(preset: Preset, model: str) -> str | None:
    """Return in one line that a preset asks a model otherwise than it was trained to be asked; none if it does not."""
    known = read_prompting(model)
    if known is None or (preset.system_prompt, preset.suffix) == (known.system_prompt, ""):
        return None
    return (
        f"preset {preset.name}: asks otherwise than {model} was trained to be asked; --preset {TRAINED} does as it was"
    )
