"""A run of `revisual fit` on data of exact lengths, and its plan."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import yaml
from bench import Bench
from clock import Clock
from plan_check import Case, settings, write_exact_data
from random_policy import policy_folder

from revisual.cli.main import main as revisual
from revisual.memory_plan.check import estimate_run
from revisual.memory_plan.config import configure
from revisual.memory_plan.estimate import Machine
from revisual.memory_plan.workload import Given

OPTIMIZER = {"class_path": "torch.optim.AdamW", "init_args": {"lr": 1.0e-6, "weight_decay": 0.0, "fused": True}}


def fit(bench: Bench, case: Case, steps: int) -> None:
    """Report each step, medians, and what was planned beside what was held.

    Args:
        bench: of the part.
        case: the run.
        steps: optimizer steps.
    """
    folder = bench.folder / f"run_{case.module}_{case.prompt}_{case.response}"
    folder.mkdir()
    (folder / "policy").symlink_to(policy_folder(bench))
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config_of(bench, case, folder, steps)))
    Clock.bench = bench
    if status := revisual(["fit", f"--config={path}"]):
        raise SystemExit(f"revisual fit ended with status {status}: the log says why")
    plan(bench, path, case)


def config_of(bench: Bench, case: Case, folder: Path, steps: int) -> dict[str, Any]:
    """Write the data, and return the run's config."""
    config = settings(case, folder, *write_exact_data(case, folder))
    policy = config["model"]["init_args"]["policy"]
    policy["class_path"] = "random_policy.RandomPolicy"
    # Numbers are wanted whatever they say: how far results are off is reported by other parts.
    policy["init_args"] |= {"on": str(bench.device), "gradient_checkpointing": True, "check": False}
    if case.picture:
        policy["init_args"]["max_pixels"] = case.picture**2
    config["model"]["init_args"]["optimizer"] = OPTIMIZER
    config["trainer"] |= {
        "accelerator": bench.size("gpu", "cpu"),
        "precision": bench.precision,
        "max_steps": steps,
        "gradient_clip_val": 1.0,
        "use_distributed_sampler": False,
        "callbacks": [{"class_path": "clock.Clock"}],
    }
    return config | {"check_memory": False}


def plan(bench: Bench, path: Path, case: Case) -> None:
    """Report what `revisual plan` says of the run on one such device, by phase, beside the most that it held."""
    with redirect_stdout(sys.stderr):
        configured = configure([f"--config={path}"], architecture=None)
        machine = Machine(1, 1, None, is_gpu=not bench.dry)
        found = estimate_run(configured, machine, Given(pictures=None if case.picture else 0))
    phases = {f"{name.replace(' ', '_')}_gb": found.total(name) / 1e9 for name in found.phases}
    measured = Clock.peak_gb
    bench.report(
        "plan",
        tokens=found.work.pass_tokens,
        **phases,
        planned_gb=found.peak / 1e9,
        peak_gb=measured,
        planned_of_peak=measured and found.peak / 1e9 / measured,
    )
