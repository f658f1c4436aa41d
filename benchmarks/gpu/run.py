"""What revisual does on one GPU, in minutes: is it right, how fast is it, and what does it hold?

    python benchmarks/gpu/run.py --minutes 8 --wheels FOLDER
    python benchmarks/gpu/run.py --table benchmarks/results/gpu.json

For a bare machine with one H100 or H200, Python 3.12, torch 2.11, transformers 5.17 and no network. Packages that it
lacks travel as wheels: wheels.txt says which, and how to fetch them. Each part is a file of parts/, runs in a process
of its own, and has its share of the time; the most valuable come first. Numbers are in the JSON as soon as there are
any. `--dry`, or a machine without a GPU, runs the same on a CPU with a tiny policy.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

PARTS = {
    "kernels": 35,
    "agreement": 55,
    "sft": 60,
    "update": 70,
    "head": 25,
    "tower": 25,
    "decoding": 50,
    "grpo": 55,
    "trl": 75,
    "profile": 35,
}
"""Shares of the time, most valuable first: seconds of the longest run that is waited for, in eight minutes."""


def main() -> None:
    """Measure, or print the table of a result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--minutes", type=float, default=8.0, help="for everything, the installation of wheels included"
    )
    parser.add_argument("--wheels", type=Path, help="folder of wheels to install, for this run alone")
    parser.add_argument("--out", type=Path, default=ROOT / "out/gpu.json")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--dry", action="store_true", help="on the CPU, with a tiny policy")
    parser.add_argument("--commit", help="that the numbers are of, where the checkout does not say")
    parser.add_argument("--table", type=Path, metavar="FILE.json", help="print a result's table and measure nothing")
    args = parser.parse_args()
    if args.wheels and not list(args.wheels.glob("*.whl")):
        parser.error(f"--wheels {args.wheels}: there are no wheels; wheels.txt says how to fetch them")
    if args.table and not args.table.is_file():
        parser.error(f"--table {args.table}: there is no such file")
    sys.path.insert(0, str(HERE))
    if args.table:
        from tables import markdown

        print(markdown(json.loads(args.table.read_text())))
        return
    with tempfile.TemporaryDirectory() as made:
        prepare(Path(made), args.wheels)
        from suite import Suite

        args.out.parent.mkdir(parents=True, exist_ok=True)
        suite = Suite(args.out.resolve(), Path(made), {part: PARTS[part] for part in PARTS if part in args.parts})
        suite.run(args.minutes * 60, args.commit or commit(), dry=args.dry)


def prepare(folder: Path, wheels: Path | None) -> None:
    """Set up what the parts' processes will inherit."""
    paths = [str(HERE), str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "benchmarks/speed")]
    if wheels is not None:
        site = folder / "site"
        options = ["--quiet", "--no-index", "--no-deps", "--no-compile", "--target", str(site)]
        files = [str(path) for path in sorted(wheels.glob("*.whl"))]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, *files], check=True)
        paths.insert(0, str(site))
    sys.path[:0] = paths
    os.environ |= {
        "PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # else asking for a GPU would spoil it for forked processes
    }


def commit() -> str:
    """Return the checkout's commit; "unknown" where it is a copy without one."""
    done = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
