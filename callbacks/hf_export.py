"""Exports the policy when training ends."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from revisual.models.export import export_policy
from revisual.models.sharding import full_tensors


class HFExport(Callback):
    """Writes a Hugging Face folder at the end of a finished run.

    Args:
        folder: its name, inside `default_root_dir` if relative.
    """

    def __init__(self, folder: str = "export") -> None:
        self.folder = folder

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Export, unless the run was interrupted."""
        if trainer.interrupted:
            return
        weights = {}
        for name, tensor in full_tensors(pl_module.policy):  # put together from all processes' parts
            if trainer.is_global_zero:
                weights[name] = tensor.cpu()
        if trainer.is_global_zero:
            folder = Path(trainer.default_root_dir) / self.folder
            export_policy(pl_module.policy, pl_module.encoder.processor, folder, weights)
        trainer.strategy.barrier("export")
