"""Training checkpoints: written whole, and read for the policy's weights, whichever strategy wrote them."""

import shutil
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load

from revisual.core.errors import UserError
from revisual.core.files import replaced_path
from revisual.models.deepspeed_files import read_deepspeed
from revisual.models.safe_loading import METADATA, SafeReader, explain_broken, plain_values_only

PREFIX = "policy."
"""Of the policy's weights among the module's."""


class WholeFiles(TorchCheckpointIO):
    """Checkpoints in one file, which appear whole or not at all, and whose reading runs no code."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write a file beside `path` that then takes its place.

        Raises:
            UserError: it cannot be written (full disk, no permission); what was there before is kept.
        """
        target = Path(path)
        try:
            with replaced_path(target) as new:
                torch.save(checkpoint, new)
        except (OSError, RuntimeError) as error:  # torch's writer tells of a full disk by the latter
            raise not_written(target, error) from error

    def load_checkpoint(
        self, path: str | Path, map_location: Any = lambda storage, loc: storage, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read tensors and plain values only.

        Raises:
            UserError: the file is absent, broken, or holds something else.
        """
        with explain_broken(Path(path)):
            return super().load_checkpoint(path, map_location, weights_only=True)


def not_written(target: Path, error: BaseException) -> UserError:
    """Say in one line why a checkpoint was not written; torch's writer does not say that a disk is full."""
    folder = next(folder for folder in target.parents if folder.is_dir())  # its own may not have been made
    full = shutil.disk_usage(folder).free < 1_000_000
    reason = "No space left on device" if full else " ".join(str(error).split())[-200:]
    return UserError(f"cannot write the checkpoint {target}: {reason}; earlier ones are kept")


def policy_weights(checkpoint: Path) -> dict[str, Tensor]:
    """Return the weights in a checkpoint: a file, FSDP2's folder or DeepSpeed's, by their names in the policy.

    Raises:
        UserError: it is none of these, is not whole, or holds no policy.
    """
    if not checkpoint.exists():
        raise UserError(f"{checkpoint}: no such checkpoint")
    with explain_broken(checkpoint):
        if checkpoint.is_file():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)["state_dict"]
        elif (checkpoint / METADATA).exists():
            state = _fsdp2(checkpoint)
        elif (checkpoint / "latest").exists():
            state = read_deepspeed(checkpoint)
        else:
            raise UserError(f"{checkpoint}: not a whole checkpoint: it lacks what is written last")
    weights = {name.removeprefix(PREFIX): value for name, value in state.items() if name.startswith(PREFIX)}
    if not weights:
        raise UserError(f"{checkpoint}: holds no weights of a policy")
    return weights


def _fsdp2(folder: Path) -> dict[str, Tensor]:
    reader = SafeReader(folder)
    stored: dict[str, Any] = reader.read_metadata().state_dict_metadata
    state: dict[str, Any] = {
        name.removeprefix("state_dict."): torch.empty(entry.size, dtype=entry.properties.dtype)
        for name, entry in stored.items()
        if name.startswith(f"state_dict.{PREFIX}") and isinstance(entry, TensorStorageMetadata)
    }
    with plain_values_only():
        load({"state_dict": state}, storage_reader=reader, no_dist=True)
    return state
