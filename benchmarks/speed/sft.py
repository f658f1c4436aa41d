"""SFT steps of revisual and of TRL side by side, on texts whose lengths spread like real thoughts.

    python benchmarks/speed/sft.py --trl PYTHON_WITH_TRL --out out/speed

Response lengths are log-normal, the longest ten times the shortest. revisual packs; TRL is measured unpacked and
packed. One thread each, taking turns step by step; the first step is not counted. Prints a table, writes sft.json.
"""

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from workers import Worker, commit, machine, table, take_turns

HERE = Path(__file__).parent
BATCH = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trl", type=Path, help="interpreter with TRL; without it, revisual alone is measured")
    parser.add_argument("--out", type=Path, default=Path("out/speed"))
    parser.add_argument("--steps", type=int, default=8, help="counted steps")
    args = parser.parse_args()
    folder = args.out.resolve() / "sft"
    shape = {"prompts": 1, "pictures": [56], "vision_depth": 2}
    settings: dict[str, Any] = {"folder": str(folder), "steps": args.steps + 1, "batch": BATCH, **shape}
    subprocess.run([sys.executable, HERE / "data.py", json.dumps(settings)], check=True, stderr=subprocess.DEVNULL)
    write_texts(folder / "texts.jsonl", BATCH * (args.steps + 1))
    workers = {"revisual": Worker([sys.executable, str(HERE / "ours_sft.py"), json.dumps(settings)])}
    if args.trl:
        for name in ("trl", "trl packed"):
            told = json.dumps(settings | {"packing": name == "trl packed"})
            workers[name] = Worker([str(args.trl), str(HERE / "trl_sft.py"), told])
    rows = []
    for name, steps in take_turns("sft", workers, args.steps + 1).items():
        rate = sum(step["tokens"] for step in steps[1:]) / sum(step["seconds"] for step in steps[1:])
        seconds = statistics.median(step["seconds"] for step in steps[1:])
        peak = round(steps[-1]["peak_mib"])
        rows.append({"": name, "tokens/s": round(rate), "s/step": round(seconds, 3), "peak MiB": peak})
    print(table(rows))
    (args.out / "sft.json").write_text(
        json.dumps({"commit": commit(), "machine": machine(), "rows": rows}, indent=2) + "\n"
    )


def write_texts(path: Path, count: int) -> None:
    """Questions with responses of 30 to 300 words; the logarithm of the length is normal, cut at both ends."""
    rng = random.Random(0)
    with path.open("w") as file:
        for i in range(count):
            words = round(math.exp(min(max(rng.gauss(math.log(95), 0.6), math.log(30)), math.log(300))))
            numbers = " ".join(str(rng.randint(0, 99)) for _ in range(words))
            row = {"id": str(i), "question": "What is 1 + 1?", "answer": "2", "images": [], "solution": numbers}
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
