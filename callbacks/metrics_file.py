"""A run's last metrics and costs in one file, for other programs to read."""

import json
import math
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from revisual.core.files import write_atomically
from revisual.data.reading import measured_samples
from revisual.data.sample import count_sources


class MetricsFile(Callback):
    """Writes a file after each validation, and when a fit or test ends.

    `command` is `fit`, `validate` or `test`, `metrics` holds what was logged last, and `questions` of how many of each
    source that is, where all of a split were asked. `seconds` is how long the run took, `tokens` are those that the
    module counts as `tokens_seen`, and `peak_memory_mib` is the most memory of the main process, `peak_gpu_memory_mib`
    of its GPU. The file of a fit stays where another command runs in the same folder, and writes
    `validate_metrics.json` or `test_metrics.json`.

    Args:
        file: its name, inside `default_root_dir` if relative.
    """

    def __init__(self, file: str = "metrics.json") -> None:
        self.file = file
        self._began = time.perf_counter()

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._began = time.perf_counter()

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.sanity_checking:
            self._write(trainer, pl_module)

    @override
    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._write(trainer, pl_module)

    @override
    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._write(trainer, pl_module)

    def _write(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        command = str(trainer.state.fn and trainer.state.fn.value)
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        content: dict[str, Any] = {
            "command": command,
            "metrics": {name: value for name, value in metrics.items() if math.isfinite(value)},  # JSON has no other
            "seconds": time.perf_counter() - self._began,
            "peak_memory_mib": peak_memory_mib(),
        }
        samples = measured_samples(trainer, "test" if command == "test" else "validation")
        if samples:
            content["questions"] = count_sources(samples)
        tokens = getattr(pl_module, "tokens_seen", None)
        if tokens is not None:
            content["tokens"] = int(tokens)
        if pl_module.device.type == "cuda":
            content["peak_gpu_memory_mib"] = torch.cuda.max_memory_allocated(pl_module.device) / 2**20
        write_atomically(self._path(trainer, command), json.dumps(content, indent=2) + "\n")

    def _path(self, trainer: Trainer, command: str) -> Path:
        path = Path(trainer.default_root_dir) / self.file
        return path.with_name(f"{command}_{path.name}") if command != "fit" and _is_of_fit(path) else path


def _is_of_fit(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")).get("command", "fit") == "fit")
    except (OSError, ValueError, AttributeError):
        return False


def peak_memory_mib() -> float:
    """Return the most memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
