"""Exports the policy when training ends."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from revisual.export import export_policy


class HFExport(Callback):
    """Writes `folder` (inside `default_root_dir`, if relative), a Hugging Face folder, at the end of a finished run."""

    def __init__(self, folder: str = "export") -> None:
        self.folder = folder

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Exports, unless the run was interrupted."""
        if trainer.interrupted:
            return
        if trainer.is_global_zero:
            module = pl_module
            export_policy(module.policy, module.encoder.processor, Path(trainer.default_root_dir) / self.folder)
        trainer.strategy.barrier("export")
