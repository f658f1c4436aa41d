"""What a pipeline of two stages makes that is killed at random moments, beside what one makes that is not.

    python benchmarks/kills.py

Writes benchmarks/results/kills.json: when it was killed, and whether exported weights are equal bit for bit, every step
has its point in every curve, nothing is left half written, and the same checkpoints are kept.
"""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from campaign.kills import (
    NUMBER,
    SEED,
    STEPS,
    Made,
    Moment,
    made,
    moments,
    run,
    run_killed,
    unlike_curves,
    write_pipeline,
)

from revisual.data.synthetic.arithmetic import ArithmeticTask
from revisual.models.tiny import CHAT_WORDS, TinyArchitecture, save_tiny_policy

RESULT = Path(__file__).parent / "results/kills.json"
PER_PIPELINE = 4
"""Kills of one pipeline, before it may come to its end."""


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=NUMBER, help="kills")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        texts = [CHAT_WORDS, *(sample.question for sample in ArithmeticTask(count=30)())]
        save_tiny_policy(folder / "policy", TinyArchitecture(hidden=64, layers=2, heads=2), texts, seed=0)
        if code := run(write_pipeline(folder / "straight", folder / "policy")):
            sys.exit(f"exit status {code}: {(folder / 'straight/said.txt').read_text()[-2000:]}")
        expected = made(folder / "straight")
        rows = []
        for first in range(0, options.number, PER_PIPELINE):
            own = moments(PER_PIPELINE, options.seed + first)
            statuses = run_killed(write_pipeline(folder / f"killed{first}", folder / "policy"), own)
            rows.append(describe(own, statuses, expected, made(folder / f"killed{first}")))
            print(rows[-1], flush=True)
    content = {"kills": options.number, "seed": options.seed, "pipelines": rows}
    options.out.write_text(json.dumps(content, indent=2) + "\n")
    print(options.out)


def describe(when: list[Moment], statuses: list[int], expected: Made, found: Made) -> dict[str, Any]:
    """Return one row: when a pipeline was killed, and what was not the same."""
    return {
        "killed_at": [f"{one.seconds:.2f} s after {one.rows} of {2 * STEPS} steps" for one in when],
        "exit_statuses": statuses,
        "weights_equal": found.weights == expected.weights,
        "curves": sum(map(len, expected.curves.values())),
        "unlike_curves": unlike_curves(expected, found),
        "leftovers": found.leftovers,
        "checkpoints_equal": found.checkpoints == expected.checkpoints,
    }


if __name__ == "__main__":
    main()
