"""A pipeline of two short stages that is killed at random moments, and what it has made in the end."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from campaign.full_disks import LEFT
from revisual.report.files import read_csv_curves

NUMBER, SEED = 4, 0
"""Kills of the campaign."""
STEPS = 6
UNTOLD = ("seconds", "per_second", "memory_mib")
"""Ends of the names of curves that tell of the machine: how fast it is, and what a process has held so far."""


AT_EACH_START = "rollout/logprob_"
"""Begins the names of curves that have a point more for each start: engine and trainer are compared anew."""


@dataclass(frozen=True)
class Made:
    """What a pipeline leaves.

    Args:
        weights: the hash of each stage's exported weights.
        curves: each stage's curves, by name: each step's value, written out, as NaN is unlike itself.
        leftovers: files that were left half written.
        checkpoints: those of each stage.
    """

    weights: dict[str, str]
    curves: dict[str, dict[str, dict[float, str]]]
    leftovers: list[str]
    checkpoints: list[str]


def write_pipeline(folder: Path, policy: Path) -> Path:
    """Write the configs of a cold start and of GRPO over its export, and return the pipeline's."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "shared.yaml", _shared())
    _write(folder / "sft.yaml", _stage("SFTModule", "SFTDataModule", {"response_template": "\\boxed{{answer}}"}))
    _write(folder / "grpo.yaml", _stage("GRPOModule", "PromptDataModule", {}))
    stages = [{"name": name, "config": [str(folder / f"{name}.yaml")]} for name in ("sft", "grpo")]
    pipeline = {"out": str(folder / "out"), "start": str(policy), "shared": [str(folder / "shared.yaml")]}
    return _write(folder / "pipeline.yaml", {**pipeline, "check": False, "stages": stages})


def _write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def _shared() -> dict[str, Any]:
    save = {"every_n_train_steps": 1, "save_last": True, "enable_version_counter": False}
    callbacks = [{"class_path": name} for name in ("HFExport", "MetricsFile", "RolloutLog")]
    callbacks.append({"class_path": "lightning.pytorch.callbacks.ModelCheckpoint", "init_args": save})
    logger = {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"save_dir": ".", "name": "logs"}}
    trainer = {"accelerator": "cpu", "devices": 1, "max_steps": STEPS, "max_epochs": -1, "logger": logger}
    trainer |= {"val_check_interval": 3, "check_val_every_n_epoch": None, "enable_progress_bar": False}
    return {"trainer": {**trainer, "callbacks": callbacks, "enable_model_summary": False}}


def _stage(module: str, data: str, options: dict[str, Any]) -> dict[str, Any]:
    task = [{"class_path": "ArithmeticTask", "init_args": {"count": 12}}]
    model: dict[str, Any] = {"policy": {"class_path": "PretrainedPolicy"}, "eval_sampling": {"max_new_tokens": 4}}
    if module == "GRPOModule":
        model["sampling"] = {"max_new_tokens": 6, "group_size": 4}
        model["rewards"] = {"tokens": {"function": {"class_path": "training.helpers.TokenReward"}, "weight": 1.0}}
    return {
        "model": {"class_path": module, "init_args": {"system_prompt": None, **model}},
        "data": {"class_path": data, "init_args": {"batch_size": 2, "train": task, "validation": task, **options}},
    }


@dataclass(frozen=True, order=True)
class Moment:
    """When to kill: so many seconds after loggers have written so many rows, in all stages together."""

    rows: int
    seconds: float


def moments(number: int, seed: int) -> list[Moment]:
    """Return moments anywhere in both stages, in order."""
    rng = random.Random(seed)
    return sorted(Moment(rng.randrange(2 * STEPS), rng.uniform(0.0, 3.0)) for _ in range(number))


def run(config: Path, kill_at: Moment | None = None) -> int:
    """Run the pipeline, or kill it with all that it started; return its exit status."""
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), tests])
    with (config.parent / "said.txt").open("ab") as said:
        words = [sys.executable, "-m", "revisual", "pipeline", f"--config={config}"]
        process = subprocess.Popen(words, stdout=said, stderr=said, env=environment)
        if kill_at is not None:
            while process.poll() is None and _rows(config.parent / "out") < kill_at.rows:
                time.sleep(0.02)
            time.sleep(kill_at.seconds)
            process.send_signal(signal.SIGKILL)  # the kernel then kills the stage, which is lone Python
        return process.wait()


def _rows(out: Path) -> int:
    """Return how many optimizer steps have a row in the loggers' tables."""
    curves = [read_csv_curves(path).get("train/loss", ([], [])) for path in out.rglob("metrics.csv")]
    return sum(len(steps) for steps, _ in curves)


def run_killed(config: Path, when: Sequence[Moment]) -> list[int]:
    """Run a pipeline that is killed at each moment and started again, then to its end; return the exit statuses."""
    return [*(run(config, kill_at=one) for one in when), run(config)]


def unlike_curves(expected: Made, found: Made) -> list[str]:
    """Return the curves that another pipeline has otherwise: a point more, fewer, or of another value."""
    names = {(stage, name) for one in (expected, found) for stage, curves in one.curves.items() for name in curves}
    return [f"{stage}: {name}" for stage, name in sorted(names) if not _is_like(stage, name, expected, found)]


def _is_like(stage: str, name: str, expected: Made, found: Made) -> bool:
    before, after = (one.curves.get(stage, {}).get(name, {}) for one in (expected, found))
    return before.items() <= after.items() if name.startswith(AT_EACH_START) else before == after


def made(folder: Path) -> Made:
    """Read what a pipeline left below its folder."""
    weights, curves = {}, {}
    for stage in sorted(path for path in (folder / "out").iterdir() if path.name[:2].isdigit()):
        weights[stage.name] = hashlib.sha256((stage / "export/model.safetensors").read_bytes()).hexdigest()
        found: dict[str, dict[float, str]] = {}
        for log in sorted(stage.rglob("metrics.csv"), key=lambda path: path.stat().st_mtime):
            for name, (steps, values) in read_csv_curves(log).items():
                if not name.endswith(UNTOLD):
                    found.setdefault(name, {}).update(zip(steps, map(repr, values), strict=True))
        curves[stage.name] = found
    leftovers = [str(path) for path in (folder / "out").rglob(".*") if path.suffix in LEFT]
    checkpoints = sorted(str(path.relative_to(folder / "out")) for path in (folder / "out").rglob("*.ckpt"))
    return Made(weights, curves, leftovers, checkpoints)
