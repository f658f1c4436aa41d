"""GRPO steps of revisual and of TRL side by side: the same policy, data and settings, one thread each.

    python benchmarks/speed/grpo.py --trl PYTHON_WITH_TRL --out out/speed

PYTHON_WITH_TRL is the interpreter of an environment with the packages of trl-requirements.txt. Both trainers are
started on the same tiny Qwen2.5-VL folder and the same pictures, and take turns step by step; the first step of each
is not counted. Every response has exactly the asked-for length. Prints a table, and writes grpo.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workers import Worker, commit, machine, table, take_turns

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Shape:
    """One row of the table; sizes in pixels."""

    name: str
    prompts: int
    group: int
    new_tokens: int
    pictures: tuple[int, ...]
    vision_depth: int
    times_faster: float
    """What is aimed at."""


SHAPES = (
    Shape("small pictures", 8, 8, 64, (56, 84, 112), 2, 1.5),
    Shape("336 px", 4, 8, 96, (336,), 8, 4.0),
    Shape("672 px", 4, 8, 128, (672,), 8, 6.0),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trl", type=Path, help="interpreter with TRL; without it, revisual alone is measured")
    parser.add_argument("--out", type=Path, default=Path("out/speed"))
    parser.add_argument("--steps", type=int, default=5, help="counted steps")
    parser.add_argument("--shapes", nargs="+", default=[shape.name for shape in SHAPES])
    args = parser.parse_args()
    rows = []
    for shape in SHAPES:
        if shape.name in args.shapes:
            rows.append(measure(shape, args))
            print(table(rows), flush=True)
    filters = measure_filters(SHAPES[0], args)
    print(table([filters]))
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "grpo.json").write_text(
        json.dumps({"commit": commit(), "machine": machine(), "rows": rows, "filters": filters}, indent=2) + "\n"
    )


def measure(shape: Shape, args: argparse.Namespace) -> dict[str, Any]:
    """Medians of both trainers' steps, taken in turn."""
    settings = prepare(shape, args)
    workers = {"revisual": Worker([sys.executable, str(HERE / "ours_grpo.py"), json.dumps(settings)])}
    if args.trl:
        workers["trl"] = Worker([str(args.trl), str(HERE / "trl_grpo.py"), json.dumps(settings)])
    steps = take_turns(shape.name, workers, args.steps + 1)
    row: dict[str, Any] = {"shape": shape.name, "aimed at, times": shape.times_faster}
    for name, measured in steps.items():
        seconds = statistics.median(step["seconds"] for step in measured[1:])
        row[f"{name}, s/step"] = round(seconds, 3)
        row[f"{name}, tokens/s"] = round(shape.prompts * shape.group * shape.new_tokens / seconds)
        row[f"{name}, peak MiB"] = round(measured[-1]["peak_mib"])
    if args.trl:
        row["times faster"] = round(row["trl, s/step"] / row["revisual, s/step"], 2)
        row["share of memory"] = round(row["revisual, peak MiB"] / row["trl, peak MiB"], 2)
    return row


def measure_filters(shape: Shape, args: argparse.Namespace) -> dict[str, Any]:
    """The step and its update, what is left of it after the rollout, with PAD at ratio 0.5 and with all rollouts."""
    settings = prepare(shape, args)
    ours = [sys.executable, str(HERE / "ours_grpo.py")]
    workers = {name: Worker([*ours, json.dumps(settings | {"filter": name})]) for name in ("keep all", "pad")}
    row: dict[str, Any] = {"shape": shape.name, "aimed at, share": 0.65}
    for name, measured in take_turns("filters", workers, args.steps + 1).items():
        row[f"{name}, s/step"] = round(statistics.median(step["seconds"] for step in measured[1:]), 3)
        updates = [step["seconds"] - step["rollout_seconds"] for step in measured[1:]]
        row[f"{name}, s/update"] = round(statistics.median(updates), 3)
    row["share of the update"] = round(row["pad, s/update"] / row["keep all, s/update"], 2)
    return row


def prepare(shape: Shape, args: argparse.Namespace) -> dict[str, Any]:
    """Writes the shape's policy and data; what the workers are told."""
    folder = args.out.resolve() / shape.name.replace(" ", "_")
    settings = asdict(shape) | {"folder": str(folder), "steps": args.steps + 1}
    subprocess.run([sys.executable, HERE / "data.py", json.dumps(settings)], check=True, stderr=subprocess.DEVNULL)
    return settings


if __name__ == "__main__":
    main()
