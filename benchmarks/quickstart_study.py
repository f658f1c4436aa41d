"""The quickstart over several seeds, with paired differences between its stages.

    python benchmarks/quickstart_study.py --seeds 0 1 2 --out out/study

Runs `revisual pipeline --config configs/quickstart/pipeline.yaml` once per seed (finished runs are kept), then compares
every stage with those before it on the same held-out questions: the mean over questions of the difference in accuracy,
with its 95 % interval. Writes study.json, and prints tables; `--readme STUDY.json` writes those of README.md.
"""

import argparse
import json
import math
import os
import platform
import re
import subprocess
import sys
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

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
    parser.add_argument("--readme", type=Path, metavar="STUDY.json", help="only write README.md's tables from a result")
    args = parser.parse_args()
    if args.readme:
        write_readme(json.loads(args.readme.read_text()))
        return
    study = {}
    for seed in args.seeds:
        out = args.out / f"seed_{seed}"
        subprocess.run(
            [sys.executable, "-m", "revisual", "pipeline", "--config", CONFIG, "--out", out, "--seed", str(seed)],
            check=True,
        )
        study[seed] = measure(out)
    (args.out / "study.json").write_text(
        json.dumps({"commit": commit(), "machine": machine(), **study}, indent=2) + "\n"
    )
    print_tables(study)


def commit() -> str:
    words = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(words, cwd=CONFIG.parent, capture_output=True, text=True, check=True).stdout.strip()


def machine() -> str:
    name = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    return f"{name}, {os.cpu_count()} cores"


def write_readme(result: dict[str, Any]) -> None:
    """Puts the tables of a result between README.md's marks."""
    seeds = {seed: found for seed, found in result.items() if seed.isdigit()}
    columns = [
        ("text, sampled", "sampled/text/accuracy"), ("text, greedy", "greedy/text/accuracy"),
        ("pictures, sampled", "sampled/pictures/accuracy"), ("pictures, greedy", "greedy/pictures/accuracy"),
        ("format, text", "sampled/text/format"), ("format, pictures", "sampled/pictures/format"),
    ]  # fmt: skip
    titles = ("base", "1 cold start", "2 multimodal RL", "3 text RL")
    rows = ["| after | " + " | ".join(name for name, _ in columns) + " |", "|---" * 7 + "|"]
    for title, stage in zip(titles, STAGES, strict=True):
        values = [[f"{100 * found['after'][stage][key]:.1f}" for found in seeds.values()] for _, key in columns]
        rows.append(f"| {title} | " + " | ".join(" · ".join(each) for each in values) + " |")
    names = ("stage 2 over the cold start, pictures", "stage 2 over the base, pictures", "stage 3 over stage 2, text",
             "stage 3 over stage 2, pictures")  # fmt: skip
    pairs = ["| sampled, in points, paired | " + " | ".join(f"seed {seed}" for seed in seeds) + " |"]
    pairs.append("|---" * (len(seeds) + 1) + "|")
    for name, (later, earlier, modality) in zip(names, COMPARED, strict=True):
        cells = [found["differences"][f"{later} - {earlier}, {modality}"] for found in seeds.values()]
        shown = [f"{100 * cell['mean']:+.1f} ± {100 * cell['half_width']:.1f}" for cell in cells]
        pairs.append(f"| {name} | " + " | ".join(shown) + " |")
    source = f"Commit {result['commit']}, {result['machine']}, seeds {', '.join(seeds)}."
    page = CONFIG.parents[2] / "README.md"
    text = page.read_text()
    for mark, body in (("stages", rows), ("differences", pairs), ("source", [source])):
        new = f"<!-- {mark} -->\n" + "\n".join(body) + f"\n<!-- end of {mark} -->"
        text = re.sub(rf"<!-- {mark} -->\n.*?<!-- end of {mark} -->", lambda _, new=new: new, text, flags=re.DOTALL)
    page.write_text(text)


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
