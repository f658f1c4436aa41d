"""Whether a policy has all its weights and no others, and each of them is a number."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from revisual.core.errors import UserError
from revisual.core.text import shorten_names


def check_loaded(path: str, policy: nn.Module, loaded: Mapping[str, Any]) -> None:
    """Check what transformers says of the weights that it read, and the weights.

    transformers lets random numbers take the place of weights that are not there, with a warning.

    Args:
        path: where they were read.
        policy: with the weights.
        loaded: of `from_pretrained(..., output_loading_info=True)`.

    Raises:
        UserError: weights are missing, surplus, of another shape, NaN or infinite; names them.
    """
    wrong_shapes = [
        f"{name} ({' x '.join(map(str, read))} in the file, {' x '.join(map(str, wanted))} by its config)"
        for name, read, wanted in sorted(loaded["mismatched_keys"])
    ]
    faults = {
        "lacks weights": sorted(loaded["missing_keys"]),
        "weights are more than its config has": sorted(loaded["unexpected_keys"]),
        "weights have another shape": wrong_shapes,
        "weights are not finite": not_finite(dict(policy.named_parameters())),
    }
    for fault, names in faults.items():
        if names:
            raise UserError(f"{path}: cannot load a policy: {fault}: {shorten_names(names)}")


def not_finite(weights: Mapping[str, Tensor]) -> list[str]:
    """Return the names of the weights that hold NaN or infinite numbers."""
    held = {name: value for name, value in weights.items() if value.device.type != "meta"}
    return [name for name, value in held.items() if not bool(torch.isfinite(value).all())]
