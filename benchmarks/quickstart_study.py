"""The quickstart over several seeds, with paired differences between its stages.

    python benchmarks/quickstart_study.py --seeds 0 1 2 --out out/study

Runs `revisual pipeline --config configs/quickstart/pipeline.yaml` once per seed (finished runs are kept), then compares
every stage with those before it on the same held-out questions: the mean over questions of the difference in accuracy,
with its 95 % interval. Writes study.json, and prints the tables of the README in Markdown.
"""

import argparse
import json
import math
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean, stdev

CONFIG = Path(__file__).parents[1] / "configs/quickstart/pipeline.yaml"
MODALITY = {"arithmetic": "text", "shapes": "pictures", "bar": "pictures"}
STAGES = ("base", "cold_start", "multimodal_rl", "text_rl")
COMPARED = (
    ("multimodal_rl", "cold_start", "pictures"),
    ("multimodal_rl", "base", "pictures"),
    ("text_rl", "multimodal_rl", "text"),
    ("text_rl", "multimodal_rl", "pictures"),
)

Scores = dict[str, float]
"""Mean accuracy per question."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("out/study"))
    args = parser.parse_args()
    study = {}
    for seed in args.seeds:
        out = args.out / f"seed_{seed}"
        subprocess.run(
            [sys.executable, "-m", "revisual", "pipeline", "--config", CONFIG, "--out", out, "--seed", str(seed)],
            check=True,
        )
        study[seed] = measure(out)
    (args.out / "study.json").write_text(json.dumps(study, indent=2) + "\n")
    print_tables(study)


def measure(out: Path) -> dict[str, object]:
    """Accuracies and formats after each stage, and the paired differences, of one run."""
    found = {name: read_answers(stage_folder(out, name) / "evaluation" / "responses.jsonl") for name in STAGES}
    differences = {}
    for later, earlier, modality in COMPARED:
        pair = [found[name]["sampled", modality, "accuracy"] for name in (later, earlier)]
        differences[f"{later} - {earlier}, {modality}"] = paired_difference(*pair)
    means = {
        name: {
            f"{setting}/{modality}/{measure}": fmean(scores.values())
            for (setting, modality, measure), scores in rows.items()
        }
        for name, rows in found.items()
    }
    questions = {modality: len(found["base"]["sampled", modality, "accuracy"]) for modality in ("text", "pictures")}
    return {"questions": questions, "after": means, "differences": differences}


def stage_folder(out: Path, name: str) -> Path:
    return next(path for path in out.iterdir() if path.name.endswith(f"_{name}") and path.name[:2].isdigit())


def read_answers(path: Path) -> dict[tuple[str, str, str], Scores]:
    """By (setting, modality, measure): the mean over a question's answers."""
    rows: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in path.read_text().splitlines():
        answer = json.loads(line)
        for measure, value in (("accuracy", answer["accuracy"]), ("format", answer["reward_terms"]["format"])):
            rows[answer["sampling"], MODALITY[answer["source"]], measure][answer["id"]].append(value)
    return {key: {id: fmean(values) for id, values in scores.items()} for key, scores in rows.items()}


def paired_difference(later: Scores, earlier: Scores) -> dict[str, float]:
    """Mean difference over the questions, and the half-width of its 95 % interval (normal approximation).

    Example: later {"a": 1.0, "b": 1.0}, earlier {"a": 0.0, "b": 1.0} differ by 0.5 +- 0.98.
    """
    if later.keys() != earlier.keys():
        raise SystemExit("the two stages were not measured on the same questions")
    differences = [later[id] - earlier[id] for id in later]
    return {"mean": fmean(differences), "half_width": 1.96 * stdev(differences) / math.sqrt(len(differences))}


def print_tables(study: dict[int, dict[str, object]]) -> None:
    columns = [f"{s}/{m}/accuracy" for m in ("text", "pictures") for s in ("sampled", "greedy")]
    columns += ["sampled/text/format", "sampled/pictures/format"]
    print("\n| seed | after | " + " | ".join(column.replace("/", ", ") for column in columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for seed, found in study.items():
        for stage in STAGES:
            values = found["after"][stage]
            print(f"| {seed} | {stage} | " + " | ".join(f"{100 * values[column]:.1f}" for column in columns) + " |")
    print("\n| difference, sampled, in points | " + " | ".join(f"seed {seed}" for seed in study) + " |")
    print("|---" * (len(study) + 1) + "|")
    for name in next(iter(study.values()))["differences"]:
        cells = [found["differences"][name] for found in study.values()]
        print(
            f"| {name} | " + " | ".join(f"{100 * c['mean']:+.1f} ± {100 * c['half_width']:.1f}" for c in cells) + " |"
        )


if __name__ == "__main__":
    main()
