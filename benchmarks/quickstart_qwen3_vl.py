"""The quickstart's first two stages on a tiny Qwen3-VL, beside a Qwen2.5-VL's: the table of docs/models.md.

    python benchmarks/quickstart_qwen3_vl.py [--seed 0] [--out out/quickstart_qwen3_vl] [--docs]

Runs `revisual pipeline --config configs/quickstart/qwen3_vl/pipeline.yaml` (finished stages are kept), measures it as
`quickstart_study.py` does, and holds stage 2 to bounds that the Qwen2.5-VL keeps, too. `--docs` writes the table of the
result and measures nothing.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

from quickstart_study import commit, machine, paired_difference, read_answers, stage_folder

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "configs/quickstart/qwen3_vl/pipeline.yaml"
PAGE, RESULT = ROOT / "docs/models.md", ROOT / "benchmarks/results/quickstart_qwen3_vl.json"
OTHER = ROOT / "benchmarks/results/quickstart_study.json"
STAGES = {"base": "base", "cold_start": "1 cold start", "multimodal_rl": "2 multimodal RL"}
COLUMNS = {
    "sampled/text/accuracy": "text, sampled",
    "sampled/pictures/accuracy": "pictures, sampled",
    "greedy/pictures/accuracy": "pictures, greedy",
    "sampled/pictures/format": "format, pictures",
}
BOUNDS = {
    "multimodal_rl - cold_start, pictures": 0.3,
    "multimodal_rl - base, pictures": 0.1,
    "sampled/pictures/format": 0.95,
    "sampled/text/accuracy": "cold_start",
}
"""Of stage 2: the lower end of differences, a share of answers, and a stage that it may not fall behind."""


def main() -> None:
    """Run and measure the stages, or write the table of the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out/quickstart_qwen3_vl"))
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args()
    if not args.docs:
        words = ["pipeline", "--config", CONFIG, "--out", args.out, "--seed", str(args.seed)]
        subprocess.run([sys.executable, "-m", "revisual", *words], check=True)
        result = {"commit": commit(), "machine": machine(), "seed": args.seed, **measure(args.out)}
        RESULT.write_text(json.dumps(result, indent=2) + "\n")
    result = json.loads(RESULT.read_text())
    write_docs(result)
    if missed := missed_bounds(result):
        raise SystemExit(f"stage 2 misses its bounds: {', '.join(missed)}")


def measure(out: Path) -> dict[str, Any]:
    """Return accuracies and formats after each stage, and the paired differences, of a run."""
    found = {name: read_answers(stage_folder(out, name) / "evaluation" / "responses.jsonl") for name in STAGES}
    after = {
        name: {"/".join(key): fmean(scores.values()) for key, scores in rows.items()} for name, rows in found.items()
    }
    scores = {name: rows["sampled", "pictures", "accuracy"] for name, rows in found.items()}
    differences = {
        f"multimodal_rl - {name}, pictures": paired_difference(scores["multimodal_rl"], scores[name])
        for name in ("cold_start", "base")
    }
    return {"after": after, "differences": differences}


def missed_bounds(run: dict[str, Any]) -> list[str]:
    """Return the bounds that stage 2 of a run misses."""
    after, missed = run["after"], []
    for name, bound in BOUNDS.items():
        if name in run["differences"]:
            found = run["differences"][name]["mean"] - run["differences"][name]["half_width"]
        else:
            found = after["multimodal_rl"][name]
        if found < (after[bound][name] if isinstance(bound, str) else bound):
            missed.append(name)
    return missed


def write_docs(result: dict[str, Any]) -> None:
    """Write the result's table into the page, beside the same seed of the Qwen2.5-VL."""
    other = json.loads(OTHER.read_text())
    runs = {"Qwen3-VL": result, "Qwen2.5-VL": other[str(result["seed"])]}
    lines = [f"| after | {' | '.join(COLUMNS.values())} |", "|---" * (1 + len(COLUMNS)) + "|"]
    for stage, title in STAGES.items():
        cells = [" · ".join(f"{100 * run['after'][stage][name]:.1f}" for run in runs.values()) for name in COLUMNS]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    gains = [run["differences"]["multimodal_rl - cold_start, pictures"] for run in runs.values()]
    words = [f"{100 * gain['mean']:+.1f} ± {100 * gain['half_width']:.1f}" for gain in gains]
    missed = missed_bounds(result)
    kept = "All bounds are kept" if not missed else f"Missed: {', '.join(missed)}"
    source = (
        f"Stage 2 over the cold start, on pictures, sampled: {words[0]} points, and {words[1]}. {kept}.\n"
        f"Seed {result['seed']}, commit {result['commit']} and {other['commit']}, {result['machine']}."
    )
    text = "<!-- quickstart -->\n" + "\n".join([*lines, "", source]) + "\n<!-- end of quickstart -->"
    page = PAGE.read_text()
    PAGE.write_text(re.sub(r"<!-- quickstart -->.*<!-- end of quickstart -->", lambda _: text, page, flags=re.DOTALL))


if __name__ == "__main__":
    main()
