"""Checkpoints of adapters leave out the weights that a run only reads, and say which ones they were."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from revisual.core.errors import UserError
from revisual.core.text import shorten_names
from revisual.models.checkpoints import PREFIX
from revisual.models.checksums import Checksums, checksum
from revisual.models.safe_loading import explain_broken

KEY = "frozen_weights"
"""Of a checkpoint: the checksums of what was left out, by the policy's names."""


def record_frozen(policy: nn.Module) -> Checksums:
    """Return the checksum of every parameter that is not trained, under all of its names."""
    parameters = policy.named_parameters(remove_duplicate=False)
    return {name: checksum(value) for name, value in parameters if not value.requires_grad}


def leave_out(checkpoint: dict[str, Any], frozen: Checksums) -> None:
    """Take frozen weights out of a checkpoint, and put their checksums in."""
    for name in frozen:
        checkpoint["state_dict"].pop(PREFIX + name, None)
    checkpoint[KEY] = dict(frozen)


def put_back(checkpoint: dict[str, Any], policy: nn.Module, name: str) -> None:
    """Complete a checkpoint that lacks frozen weights by the policy's own.

    Args:
        checkpoint: as read; one that lacks nothing is left alone.
        policy: as loaded from where the run's config says.
        name: what the checkpoint is called in messages.

    Raises:
        UserError: the policy's frozen weights are not those that the adapters were trained on.
    """
    if frozen := checkpoint.get(KEY):
        own = dict(policy.named_parameters(remove_duplicate=False))
        found = {f"{PREFIX}{key}": value for key, value in match_frozen(own, frozen, name).items()}
        checkpoint["state_dict"] |= found


def read_frozen(checkpoint: Path) -> Checksums:
    """Return the checksums of the weights that a checkpoint in one file lacks; of a folder none, which lacks nothing.

    Raises:
        UserError: it cannot be read.
    """
    if not checkpoint.is_file():
        return {}
    with explain_broken(checkpoint):
        content = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    return dict(content.get(KEY) or {})


def match_frozen(own: Mapping[str, Tensor], frozen: Checksums, name: str) -> dict[str, Tensor]:
    """Return the weights that were left out, in the types that they had.

    Raises:
        UserError: some are absent or others.
    """
    found = {key: own[key].detach().to(_dtype(total)) for key, total in frozen.items() if key in own}
    if others := sorted(key for key, total in frozen.items() if key not in found or checksum(found[key]) != total):
        raise UserError(
            f"{name}: holds adapters alone, and the policy's {shorten_names(others)} is not what they were trained on: "
            "set model.init_args.policy to the same weights"
        )
    return found


def _dtype(total: str) -> torch.dtype:
    dtype = getattr(torch, total.split()[-2], None)
    return dtype if isinstance(dtype, torch.dtype) else torch.float32
