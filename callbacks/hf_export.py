"""Exports the policy when training ends."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from revisual.core.errors import UserError
from revisual.core.folders import require_replaceable
from revisual.models.export import export_policy
from revisual.models.sharding import full_tensors


class HFExport(Callback):
    """Writes a Hugging Face folder at the end of a finished run, which says how the policy was trained to be asked.

    Args:
        folder: its name, inside `default_root_dir` if relative.
    """

    def __init__(self, folder: str = "export") -> None:
        self.folder = folder

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Check the folder before anything is learned.

        Raises:
            UserError: it is the run's own or above it, or holds what no export wrote.
        """
        if stage != "fit":
            return
        folder, root = self._path(trainer).resolve(), Path(trainer.default_root_dir).resolve()
        if folder == root or folder in root.parents:
            raise UserError(f"HFExport: folder {self.folder!r} is the run's own folder or above it; name one inside it")
        require_replaceable(folder)

    def _path(self, trainer: Trainer) -> Path:
        return Path(trainer.default_root_dir) / self.folder

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Export, unless the run was interrupted."""
        if trainer.interrupted:
            return
        weights = {}
        for name, tensor in full_tensors(pl_module.policy):  # put together from all processes' parts
            if trainer.is_global_zero:
                weights[name] = tensor.cpu()
        if trainer.is_global_zero:
            processor, prompting = pl_module.encoder.processor, pl_module.prompting
            export_policy(pl_module.policy, processor, self._path(trainer), weights, prompting)
        trainer.strategy.barrier("export")
