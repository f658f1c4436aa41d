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
    return "\n".join(lines).rstrip()


def table(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one row for each measurement, with a column for each number that any has."""
    rows = list(rows)
    columns = [c for c in dict.fromkeys(name for row in rows for name in row) if c not in HIDDEN]
    if not rows:
        return ["Nothing was measured."]
    heads = ["", *(column.replace("_", " ") for column in columns)]
    cells = [[row["what"], *(shown(row.get(column)) for column in columns)] for row in rows]
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
