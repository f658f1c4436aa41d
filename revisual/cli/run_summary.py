"""What a run of `fit` came to: a few lines at its end, and a report as of a pipeline's stage."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from revisual.cli.run_progress import in_words
from revisual.core.wilson import wilson
from revisual.data.reading import measured_samples
from revisual.data.sample import count_sources
from revisual.pipeline.results import REPORT, stage_curves, versions
from revisual.report.formats import PERCENT
from revisual.report.pipeline import write_pipeline_report
from revisual.report.stages import with_bounds

ACCURACY = "/accuracy"


class RunSummary(Callback):
    """Keeps what was measured before and after training."""

    def __init__(self) -> None:
        self.before: dict[str, float] = {}
        self.after: dict[str, float] = {}
        self.seconds, self._began = 0.0, time.monotonic()

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._began = time.monotonic() - self.seconds

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        found = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")}
        if trainer.sanity_checking:
            self.before = found
        else:
            self.after = found

    @override
    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.seconds = time.monotonic() - self._began

    @override
    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run cannot measure."""
        return {"before": self.before, "seconds": time.monotonic() - self._began}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.before, self.seconds = state_dict["before"], state_dict["seconds"]
        self._began = time.monotonic() - self.seconds

    def lines(self, trainer: Trainer, module: Any) -> Iterator[str]:
        """Yield what was read, what was measured, what was written and what to do next."""
        tokens = getattr(module, "tokens_seen", None)
        seen = f", {tokens:,} tokens" if tokens else ""
        yield f"trained: {trainer.global_step:,} optimizer steps in {in_words(self.seconds)}{seen}"
        data: Any = getattr(trainer, "datamodule", None)
        for split, summaries in getattr(data, "read", {}).items():
            yield from (f"read for {split}: {summary}" for summary in summaries)
        yield from self._measured(trainer)
        checkpoint = _checkpoint(trainer)
        if checkpoint is not None:
            yield f"checkpoint: {checkpoint[0]}{checkpoint[1]}"
        export = _export(trainer)
        if export is not None:
            yield f"export: {export}"
            yield f'next: revisual generate --model {export} --question "..."'
        elif checkpoint is not None:
            folder = Path(trainer.default_root_dir) / "export"
            yield f"next: revisual export --checkpoint {checkpoint[1]} --out {folder}"

    def _measured(self, trainer: Trainer) -> Iterator[str]:
        """Yield each source's accuracy before and after with the interval of the latter, and the loss."""
        questions = count_sources(measured_samples(trainer, "validation"))
        for name, value in self.after.items():
            if name == "val/loss":
                yield f"loss on validation samples: {_from(self.before, name, '{:.4g}')}{value:.4g}"
            elif name.endswith(ACCURACY):
                setting, _, source = name.removeprefix("val/").removesuffix(ACCURACY).partition("/")
                n = questions.get(source, 0)
                between = ""
                if n:
                    low, high = wilson(min(1.0, max(0.0, value)) * n, n)
                    between = f" (95 %: {PERCENT.write(low)} to {PERCENT.write(high)}, of {n:,} questions)"
                before = f"{PERCENT.write(self.before[name])} -> " if name in self.before else ""
                yield f"accuracy, {source}, {setting}: {before}{PERCENT.write(value)}{between}"

    def write_report(self, trainer: Trainer, module: Any, seed: int) -> Path:
        """Write the run's report.html as a pipeline writes that of its stages; return its path."""
        folder = Path(trainer.default_root_dir).absolute()
        peak = trainer.callback_metrics.get("train/peak_memory_mib")
        questions = count_sources(measured_samples(trainer, "validation"))
        asked_all = trainer.num_sanity_val_steps == float("inf")
        before = with_bounds(_shares(self.before), questions if asked_all else {})
        after = with_bounds(_shares(self.after), questions)
        stage = {
            "name": folder.name or "run",
            "before": before,
            "after": after,
            "seconds": self.seconds,
            "tokens": getattr(module, "tokens_seen", None),
            "peak_memory_mib": None if peak is None else float(peak),
            "status": "finished",
        }
        start = [{"name": "start", "after": before}] if before else []
        metrics = {"stages": [*start, stage], "seed": seed, "versions": versions()}
        folders = [Path(str(logger.root_dir)) for logger in trainer.loggers if type(logger).__name__ == "CSVLogger"]
        curves = [stage_curves(path) for path in folders if path.is_dir()]
        write_pipeline_report(metrics, {str(stage["name"]): found for found in curves[:1]}, [], folder / REPORT)
        return folder / REPORT


def _shares(measured: Mapping[str, float]) -> dict[str, float]:
    """Return what was measured of answers; the loss is a curve."""
    return {name: value for name, value in measured.items() if name != "val/loss"}


def _from(before: Mapping[str, float], name: str, form: str) -> str:
    return f"{form.format(before[name])} -> " if name in before else ""


def _checkpoint(trainer: Trainer) -> tuple[str, Path] | None:
    """Return the best checkpoint, or the last one where none is the best, with a word for which it is."""
    for callback in trainer.checkpoint_callbacks:
        best, last = (getattr(callback, f"{which}_model_path", "") for which in ("best", "last"))
        if best or last:
            return ("the best is " if best and getattr(callback, "monitor", None) else ""), Path(best or last)
    return None


def _export(trainer: Trainer) -> Path | None:
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    folders = [each.folder for each in callbacks if type(each).__name__ == "HFExport"]
    found = [path for folder in folders if (path := Path(trainer.default_root_dir) / folder).is_dir()]
    return found[0] if found else None
