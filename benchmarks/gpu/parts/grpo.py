"""Three steps of GRPO, rollouts and all, as TRL takes them in the part behind this one."""

from bench import Bench
from fit_run import fit
from plan_check import Case


def measure(bench: Bench) -> None:
    """Sample, reward and learn; every answer has the asked-for length."""
    fit(bench, case_of(bench), steps=3)


def case_of(bench: Bench) -> Case:
    """Return the run: 4 prompts with a picture of 728 pixels, 8 answers of 256 tokens to each."""
    given = {
        "engine": {"class_path": "ours_grpo.ForcedLength"},
        "engine_check": {"largest": 1000.0},  # told, and no reason to end
        "rewards": {"digits": {"function": {"class_path": "ours_grpo.Digits"}}},
    }
    prompts, group, answer, side = bench.size((4, 8, 256, 728), (2, 2, 8, 56))
    return Case("GRPO", {}, prompt=1, response=answer, picture=side, batch=prompts, group=group, settings=given)
