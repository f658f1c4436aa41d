"""GRPO's update of a 3B on given rollouts: tokens per second, MFU, and memory beside the plan's."""

from bench import Bench
from fit_run import fit
from plan_check import Case


def measure(bench: Bench) -> None:
    """Learn from two groups of eight rollouts in a pass and an optimizer step, two updates to a rollout step."""
    prompt, response, group, batch = bench.size((900, 896, 8, 4), (40, 12, 2, 2))
    given = {
        "engine": {"class_path": "recited.Recited"},
        "engine_check": {"every": 0},
        "updates_per_rollout": 2,
        "rewards": {"digits": {"function": {"class_path": "ours_grpo.Digits"}}},
    }
    case = Case("GRPO", {}, prompt, response, batch=batch, passes=2, group=group, settings=given)
    fit(bench, case, steps=bench.size(6, 4))
