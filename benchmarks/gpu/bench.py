"""What the parts of the suite share: where they run, how large, how time and memory are taken, where numbers go."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

T = TypeVar("T")
SEED = 0


@dataclass(frozen=True)
class Bench:
    """Handed to each part.

    Args:
        dry: run with a tiny policy on the CPU.
        folder: where parts find and leave files for each other.
        send: takes a row of numbers as soon as there is one.
    """

    dry: bool
    folder: Path
    send: Callable[[dict[str, Any]], None]

    @property
    def device(self) -> torch.device:
        """Where everything is measured."""
        return torch.device("cpu" if self.dry else "cuda")

    @property
    def precision(self) -> str:
        """Of the trainer: what people train in, or what a CPU is exact in."""
        return "32-true" if self.dry else "bf16-mixed"

    def size(self, full: T, dry: T) -> T:
        """Return the size of a GPU's run, or of a dry one."""
        return dry if self.dry else full

    def autocast(self) -> torch.autocast:
        """Compute as the trainer does."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=not self.dry)

    def report(self, what: str, **numbers: Any) -> None:
        """Send a row; small floats keep three digits."""
        self.send({"what": what, **{name: rounded(value) for name, value in numbers.items() if value is not None}})

    def attempt(self, what: str, measure: Callable[[], dict[str, Any]]) -> None:
        """Send what `measure` returns, or in one line why it did not."""
        try:
            self.report(what, **measure())
        except Exception as error:  # of a kernel or of memory: the other rows are still wanted
            self.report(what, failed=one_line(error))
        self.forget()

    def sync(self) -> None:
        """Wait for the device."""
        if not self.dry:
            torch.cuda.synchronize()

    def seconds(self, run: Callable[[], Any], times: int = 3, uncounted: int = 1) -> float:
        """Return the median of some runs after those that are not counted."""
        taken = []
        for _ in range(times + uncounted):
            self.sync()
            began = time.perf_counter()
            run()
            self.sync()
            taken.append(time.perf_counter() - began)
        return statistics.median(taken[uncounted:])

    def peak_gb(self, run: Callable[[], Any]) -> float | None:
        """Return the most memory that a run holds above what was there, in GB; None on a CPU."""
        if self.dry:
            run()
            return None
        self.forget()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        run()
        self.sync()
        return (torch.cuda.max_memory_allocated() - before) / 1e9

    def forget(self) -> None:
        """Give back what nothing holds any more."""
        gc.collect()
        if not self.dry:
            torch.cuda.empty_cache()


def relative_error(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Return |found - wanted| / |wanted|."""
    found, wanted = (x.detach().double().cpu() for x in (found, wanted))
    return float((found - wanted).norm() / wanted.norm().clamp(min=1e-30))


def rounded(value: Any) -> Any:
    """Return a float with four digits, and anything else as it is."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    return [rounded(one) for one in value] if isinstance(value, list) else value


def one_line(error: BaseException) -> str:
    """Return an error's kind and text in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
