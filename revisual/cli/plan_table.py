"""A plan for the terminal, and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from revisual.memory_plan.estimate import Estimate


def as_json(plan: Estimate, changes: Sequence[str]) -> dict[str, Any]:
    """Return everything in the plan; sizes in bytes."""
    work = plan.work
    return {
        "parameters": dict(plan.parameters) | {"total": sum(plan.parameters.values())},
        "trained": dict(plan.trained) | {"total": sum(plan.trained.values())},
        "strategy": str(plan.strategy),
        "precision": plan.precision,
        "devices": plan.machine.devices,
        "nodes": plan.machine.nodes,
        "device_memory": plan.machine.memory,
        "usable_memory": plan.machine.usable,
        "prompt_tokens": work.prompt_tokens,
        "response_tokens": work.response_tokens,
        "pixels_per_prompt": plan.pixels,
        "rows_of_the_largest_pass": list(work.rows),
        "tokens_of_the_largest_pass": work.pass_tokens,
        "tokens_of_a_batch": work.batch_tokens * plan.machine.devices,
        "optimizer_steps_of_a_batch": work.updates,
        "device": {name: dict(kinds) | {"total": plan.total(name)} for name, kinds in plan.phases.items()},
        "largest": dict(plan.largest),
        "host": dict(plan.host) | {"total": sum(plan.host.values())},
        "peak": plan.peak,
        "fits": plan.fits,
        "changes": list(changes),
    }


def show(plan: Estimate, changes: Sequence[str], console: Console) -> None:
    """Print the plan."""
    console.print(_parameters(plan))
    console.print(_tokens(plan))
    console.print(_device(plan))
    console.print(_host(plan))
    console.print(verdict(plan))
    for change in changes:
        console.print(f"  - {change}", highlight=False, markup=False, soft_wrap=True)


def verdict(plan: Estimate) -> str:
    """Return one line that says whether a plan fits."""
    need = f"{_gb(plan.peak)} GB on each of {plan.machine.devices} devices, in the {plan.fullest}"
    if plan.fits is None:
        return f"Needs {need}."
    usable, memory = _gb(plan.machine.usable or 0), _gb(plan.machine.memory or 0)
    room = f"{usable} of {memory} GB can be used" if plan.machine.is_gpu else f"{memory} GB"
    return f"Fits: {need}; {room}." if plan.fits else f"Does not fit: {need}; {room}. To change, the first that does:"


def _parameters(plan: Estimate) -> str:
    total, trained = sum(plan.parameters.values()), sum(plan.trained.values())
    parts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in plan.parameters.items())
    return f"Parameters: {total:,} ({parts}); trained: {trained:,}. {plan.strategy}, {plan.precision}."


def _tokens(plan: Estimate) -> str:
    work, devices = plan.work, plan.machine.devices
    picture = f"{plan.pixels:,} pixels in a prompt" if plan.pixels else "no pictures"
    what = f"{work.group} responses each" if work.group > 1 else "one response each"
    return (
        f"At most: prompts of {work.prompt_tokens:,} tokens, {picture}, responses of {work.response_tokens:,}. "
        f"A step: {work.batch * devices:,} prompts, {what}, {work.batch_tokens * devices:,} tokens, "
        f"{work.updates} optimizer step{'s' * (work.updates > 1)} of {work.passes} pass"
        f"{'es' * (work.passes > 1)}; the largest pass has {sum(work.rows)} row{'s' * (sum(work.rows) > 1)}, "
        f"{work.pass_tokens:,} tokens."
    )


def _device(plan: Estimate) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="GB on each device", title_justify="left")
    table.add_column("")
    for name in plan.phases:
        table.add_column(name, justify="right")
    kinds = [kind for kind in next(iter(plan.phases.values())) if any(p[kind] for p in plan.phases.values())]
    for kind in kinds:
        table.add_row(kind, *(_gb(phase[kind]) if phase[kind] else "" for phase in plan.phases.values()))
    table.add_section()
    table.add_row("together", *(_gb(plan.total(name)) for name in plan.phases), style="bold")
    return table


def _host(plan: Estimate) -> Table:
    processes = min(plan.machine.devices, plan.machine.per_node)
    table = Table(box=box.SIMPLE_HEAD, title="GB of host memory", title_justify="left")
    table.add_column("")
    table.add_column("each process", justify="right")
    table.add_column(f"node of {processes}", justify="right")
    on_node = {kind: size * (1 if "first process" in kind else processes) for kind, size in plan.host.items()}
    for kind, size in plan.host.items():
        if size:
            table.add_row(kind, _gb(size), _gb(on_node[kind]))
    table.add_section()
    table.add_row("together", _gb(sum(plan.host.values())), _gb(sum(on_node.values())), style="bold")
    return table


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f}" if size >= 5e7 else f"{size / 1e9:.2f}"
