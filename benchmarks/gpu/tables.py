"""The suite's numbers as a table for the docs."""

from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = ("what", "dearest", "worst_gradient")


def markdown(result: Mapping[str, Any]) -> str:
    """Return a heading, where it was measured, and a table for each part."""
    machine = next(iter(result["parts"]["machine"]["rows"]), {})
    where = machine.get("gpu") or "a CPU, with a tiny policy: a dry run"
    versions = ", ".join(f"{name} {machine[name]}" for name in ("python", "torch", "transformers") if name in machine)
    lines = [f"Measured on {where}; {versions}; commit {result['commit'][:12]}, seed {result['seed']}."]
    for name, part in result["parts"].items():
        lines += ["", f"### {name}", ""]
        if part["status"] != "finished":
            lines += [f"{part['status'].capitalize()}.", ""]
        lines += table(part["rows"])
        lines += [line for row in part["rows"] if "dearest" in row for line in dearest(row)]
    return "\n".join([*lines, *beside_trl(result["parts"])]).rstrip()


def beside_trl(parts: Mapping[str, Any]) -> list[str]:
    """Return one line about GRPO's step and TRL's, where both were measured."""
    medians = [
        row for name in ("grpo", "trl") if name in parts for row in parts[name]["rows"] if row["what"] == "medians"
    ]
    if len(medians) < 2:
        return []
    ours, trl = medians
    line = f"A GRPO step takes {shown(ours['seconds'])} s, TRL's {shown(trl['seconds'])} s: "
    line += f"{trl['seconds'] / ours['seconds']:.2f} times as long"
    if "peak_gb" in ours and "peak_gb" in trl:
        line += f"; it holds {ours['peak_gb']:.1f} GB, TRL's {trl['peak_gb']:.1f} GB"
    return ["", f"{line}."]


def table(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one row for each measurement, with a column for each number that any has."""
    rows = list(rows)
    columns = [c for c in dict.fromkeys(name for row in rows for name in row) if c not in HIDDEN]
    if not rows:
        return ["Nothing was measured."]
    heads = ["", *(column.replace("_", " ") for column in columns)]
    cells = [[shown(row["what"]), *(shown(row.get(column)) for column in columns)] for row in rows]
    return [f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *cells)]


def dearest(row: Mapping[str, Any]) -> list[str]:
    """Return the dearest kernels of a profile as a table."""
    kernels = ({"what": f"`{name}`", "ms": ms, "calls": calls} for name, ms, calls in row["dearest"])
    return ["", f"Of {row['what']}:", "", *table(kernels)]


def shown(value: Any) -> str:
    """Return a number as it is read."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "/")
