"""The policy's weights in a training checkpoint, whichever strategy wrote it."""

import contextlib
import io
import logging
import pickle
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor
from torch.distributed.checkpoint.metadata import TensorStorageMetadata

from revisual.errors import UserError

PREFIX = "policy."
"""Of the policy's weights among the module's."""


def policy_weights(checkpoint: Path) -> dict[str, Tensor]:
    """The weights in a checkpoint: a file, FSDP2's folder or DeepSpeed's, by their names in the policy.

    Raises:
        UserError: it is none of these, is not whole, or holds no policy.
    """
    if not checkpoint.exists():
        raise UserError(f"{checkpoint}: no such checkpoint")
    try:
        if checkpoint.is_file():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)["state_dict"]
        elif (checkpoint / ".metadata").exists():
            state = _fsdp2(checkpoint)
        elif (checkpoint / "latest").exists():
            state = _deepspeed(checkpoint)
        else:
            raise UserError(
                f"{checkpoint}: a folder without what FSDP2 or DeepSpeed write last: not a whole checkpoint"
            )
    except (OSError, KeyError, ValueError, RuntimeError, EOFError, AssertionError, pickle.UnpicklingError) as error:
        raise UserError(f"{checkpoint}: cannot read the checkpoint: {' '.join(str(error).split())[:300]}") from error
    weights = {name.removeprefix(PREFIX): value for name, value in state.items() if name.startswith(PREFIX)}
    if not weights:
        raise UserError(f"{checkpoint}: holds no weights of a policy")
    return weights


def _fsdp2(folder: Path) -> dict[str, Tensor]:
    stored: dict[str, Any] = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    state: dict[str, Any] = {
        name.removeprefix("state_dict."): torch.empty(entry.size, dtype=entry.properties.dtype)
        for name, entry in stored.items()
        if name.startswith(f"state_dict.{PREFIX}") and isinstance(entry, TensorStorageMetadata)
    }
    dcp.load({"state_dict": state}, checkpoint_id=folder, no_dist=True)
    return state


def _deepspeed(folder: Path) -> dict[str, Tensor]:
    try:
        from deepspeed.utils import logger
        from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint
    except ImportError:
        raise UserError(
            f"{folder}: reading DeepSpeed's checkpoints needs it: pip install 'revisual[deepspeed]'"
        ) from None
    logger.setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()):  # it says what it does, line by line
        return get_fp32_state_dict_from_zero_checkpoint(str(folder), tag="checkpoint")
