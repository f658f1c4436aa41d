"""PTST against the same run without it, on the tiny policy that overthinks.

    python benchmarks/ptst_study.py --seeds 0 1 2 --out out/ptst_study

For each seed: a tiny policy, its cold start, and from there two runs of the same prompts, rewards, steps and tokens per
prompt, with the stages of configs/vision_r1/quickstart/ptst.yaml and without. After each 25 rollout steps, a stage's
length, both answer the same unseen questions without a stage's limit. Finished runs are kept. Writes study.json, and
prints the table of docs/vision_r1.md in Markdown.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median

import yaml

CONFIGS = Path(__file__).parents[1] / "configs"
QUICKSTART = CONFIGS / "vision_r1/quickstart"
SHARED = (CONFIGS / "quickstart/common.yaml", QUICKSTART / "common.yaml")
RUNS = {"with PTST": (QUICKSTART / "rl.yaml", QUICKSTART / "ptst.yaml"), "without": (QUICKSTART / "rl.yaml",)}
STAGES = yaml.safe_load((QUICKSTART / "ptst.yaml").read_text())["trainer"]["callbacks+"][0]["init_args"]["stages"]
CHECKPOINTS = {
    "class_path": "ModelCheckpoint",
    "init_args": {"every_n_train_steps": STAGES[0]["steps"], "filename": "{step}", "save_top_k": -1},
}

Measures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("out/ptst_study"))
    args = parser.parse_args()
    study = {seed: study_seed(seed, args.out / f"seed_{seed}") for seed in args.seeds}
    (args.out / "study.json").write_text(json.dumps(study, indent=2) + "\n")
    print_table(study)


def study_seed(seed: int, out: Path) -> dict[str, list[Measures]]:
    """By run: what it answers before its first step and at the end of each stage."""
    tiny, cold_start = out / "tiny", out / "cold_start"
    if not tiny.exists():
        revisual("tiny", [QUICKSTART / "tiny.yaml"], out=tiny, seed=seed)
    fit([*SHARED, QUICKSTART / "cold_start.yaml"], "SFT", tiny, cold_start, seed)
    extra = out / "checkpoints.yaml"
    extra.write_text(yaml.safe_dump({"trainer": {"callbacks+": [CHECKPOINTS]}}))
    base = cold_start / "export"
    before = answers(base, out / "before")
    found = {}
    for name, configs in RUNS.items():
        folder = out / name.replace(" ", "_")
        fit([*SHARED, *configs, extra], "Prompt", base, folder, seed)
        found[name] = [before]
        for number in range(1, len(STAGES) + 1):
            step = sum(stage["steps"] for stage in STAGES[:number])
            checkpoint = max(folder.rglob(f"step={step}.ckpt"), key=lambda path: path.stat().st_mtime)
            found[name].append(answers(base, folder / f"answers_{step}", checkpoint))
    return found


def fit(configs: Sequence[Path], data: str, policy: Path, folder: Path, seed: int) -> None:
    """Trains, unless that was done."""
    if (folder / "export").exists():
        return
    module = {"SFT": "SFTModule", "Prompt": "GRPOModule"}[data]
    options = {"trainer.default_root_dir": folder, "seed_everything": seed}
    policy_path = {"model.init_args.policy.init_args.path": policy}
    revisual("fit", configs, ["--model", module, "--data", f"{data}DataModule"], **options, **policy_path)


def answers(policy: Path, folder: Path, checkpoint: Path | None = None) -> Measures:
    """Of the unseen questions: lengths in tokens, the share longer than stage 1's limit, and the reward."""
    responses = folder / "responses.jsonl"
    if not (folder / "metrics.json").exists():  # which is written last
        options = {"trainer.default_root_dir": folder, "model.init_args.policy.init_args.path": policy}
        if checkpoint is not None:
            options["ckpt_path"] = checkpoint
        revisual("test", [QUICKSTART / "evaluation.yaml"], **options)
    rows = [json.loads(line) for line in responses.read_text().splitlines()]
    lengths = [row["length"] for row in rows]
    return {
        "median_length": median(lengths),
        "mean_length": fmean(lengths),
        "over_first_limit": fmean(length > STAGES[0]["max_new_tokens"] for length in lengths),
        "truncated": fmean(row["truncated"] for row in rows),
        "accuracy": fmean(row["accuracy"] for row in rows),
        "questions": len(rows),
    }


def revisual(command: str, configs: Sequence[Path], words: Sequence[str] = (), **options: object) -> None:
    files = [f"--config={path}" for path in configs]
    values = [f"--{name}={value}" for name, value in options.items()]
    subprocess.run([sys.executable, "-m", "revisual", command, *words, *files, *values], check=True)


def print_table(study: dict[int, dict[str, list[Measures]]]) -> None:
    runs = [(name, seed) for name in RUNS for seed in study]
    print("\n| measure | after | " + " | ".join(f"{name}, seed {seed}" for name, seed in runs) + " |")
    print("|---" * (len(runs) + 2) + "|")
    for measure, scale in (("median_length", 1), ("over_first_limit", 100), ("accuracy", 100)):
        for number in range(len(STAGES) + 1):
            cells = [f"{scale * study[seed][name][number][measure]:.{int(scale > 1)}f}" for name, seed in runs]
            moment = f"stage {number}" if number else "cold start"
            print(f"| {measure.replace('_', ' ')} | {moment} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
