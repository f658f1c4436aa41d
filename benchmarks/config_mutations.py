"""What `revisual fit` does, before it trains, with shipped configs of which one value is changed at random.

    python benchmarks/config_mutations.py

Writes benchmarks/results/config_mutations.json: how many were refused in one line and how many accepted, and each that
was accepted with the reason for which it may be.
"""

import argparse
import json
import logging
import os
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from campaign.mutations import NUMBER, SEED, Outcome, reason_for, try_mutations
from quickstart_study import commit, machine

from revisual.data.synthetic.arithmetic import ArithmeticTask
from revisual.models.tiny import CHAT_WORDS, TinyArchitecture, save_tiny_policy

RESULT = Path(__file__).parent / "results/config_mutations.json"


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=NUMBER, help="configs")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    out = options.out.absolute()
    logging.disable(logging.WARNING)
    with TemporaryDirectory() as name:
        folder = Path(name)
        texts = [CHAT_WORDS, *(sample.question for sample in ArithmeticTask(count=30)())]
        save_tiny_policy(folder / "policy", TinyArchitecture(hidden=64, layers=2, heads=2), texts, seed=0)
        os.chdir(folder)
        outcomes = try_mutations(options.number, options.seed, folder / "policy", folder)
    out.write_text(json.dumps(describe(outcomes, options.seed), indent=2) + "\n")
    print(f"{dict(Counter(one.kind for one in outcomes))}: {out}")


def describe(outcomes: list[Outcome], seed: int) -> dict[str, Any]:
    """Return the table."""
    kinds = Counter(one.kind for one in outcomes)
    counts = {kind: kinds[kind] for kind in ("refused", "accepted", "traceback", "hang", "long line")}
    rows = [row(one) for one in outcomes if one.kind == "accepted"]
    wrong = [row(one) | {"told": one.told} for one in outcomes if one.kind not in ("refused", "accepted")]
    made = {"commit": commit(), "machine": machine()}
    return {**made, "configs": len(outcomes), "seed": seed, **counts, "accepted_because": rows, "wrong": wrong}


def row(outcome: Outcome) -> dict[str, Any]:
    """Return one line of the table."""
    mutation = outcome.mutation
    values = {"before": repr(mutation.before)[:60], "after": repr(mutation.after)[:60]}
    return {"config": outcome.base, "key": mutation.key, **values, "why": reason_for(mutation)}


if __name__ == "__main__":
    main()
