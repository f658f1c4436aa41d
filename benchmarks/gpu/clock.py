"""Reports a run's optimizer steps as they are taken."""

import math
import statistics
import time
from typing import Any, ClassVar

import torch
from bench import Bench
from lightning.pytorch import Callback

from revisual.models.flops import card_peak

UNCOUNTED = 2
"""Steps at the start: the optimizer makes its states in the first, and the allocator still grows."""

DRY_PEAK = 1e12
"""Operations per second that a CPU's use is measured by in a dry run."""


class Clock(Callback):
    """Sends a row for each optimizer step, and one of medians at the end."""

    bench: ClassVar[Bench]
    """Of the part that runs; set by it, since the callback is made by the run's config."""

    peak_gb: ClassVar[float | None] = None
    """The most memory of any step; None on a CPU."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.began = 0.0

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """State a peak where no card has one; of a card that is not known, MFU will be 0."""
        known = DRY_PEAK if self.bench.dry else card_peak(torch.cuda.get_device_name())
        pl_module.speed.peak = known or math.inf

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Start a step, whose rollouts are still to be drawn."""
        self.bench.sync()
        if not self.bench.dry:
            torch.cuda.reset_peak_memory_stats()
        self.began = time.perf_counter()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Report the step, and what of it was the update."""
        self.bench.sync()
        row = {
            "seconds": time.perf_counter() - self.began,
            "update_seconds": pl_module.speed.seconds,
            "rollout_seconds": pl_module.step_log.taken.get("rollout/seconds"),
            "tokens": pl_module.speed.tokens,
            "tokens_per_second": pl_module.step_log.taken["train/gpu_tokens_per_second"],
            "mfu": pl_module.step_log.taken["train/mfu"],
            "peak_gb": None if self.bench.dry else torch.cuda.max_memory_allocated() / 1e9,
            "loss": pl_module.step_log.taken["train/loss"],
            "logprob_gap_mean": pl_module.step_log.taken.get("rollout/logprob_gap_mean"),
        }
        self.rows.append(row)
        self.bench.report(f"optimizer step {len(self.rows)}", **row)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Report medians of the counted steps, and the peak of all."""
        counted = self.rows[UNCOUNTED:] or self.rows
        names = ("seconds", "update_seconds", "tokens", "tokens_per_second", "mfu")
        medians = {name: statistics.median(row[name] for row in counted) for name in names}
        rollouts = [row["rollout_seconds"] for row in counted if row["rollout_seconds"] is not None]
        rollout = statistics.median(rollouts) if rollouts else None
        Clock.peak_gb = max((row["peak_gb"] for row in self.rows if row["peak_gb"] is not None), default=None)
        self.bench.report("medians", **medians, rollout_seconds=rollout, peak_gb=Clock.peak_gb)
