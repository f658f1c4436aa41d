"""Fine-tuning a 3B: tokens per second, MFU, and memory beside the plan's."""

from bench import Bench
from fit_run import fit
from plan_check import Case


def measure(bench: Bench) -> None:
    """Train on 16 texts of about 1,024 tokens in a pass and an optimizer step."""
    prompt, response, batch = bench.size((128, 880, 16), (40, 20, 2))
    fit(bench, Case("SFT", {}, prompt=prompt, response=response, batch=batch), steps=bench.size(6, 3))
