"""What stays in float32 whatever a policy is converted to, and what may be stored in half."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from revisual.core.errors import UserError
from revisual.models.head import HALVES

CAST_BY_AUTOCAST = (nn.Linear, nn.Conv2d, nn.Conv3d)
"""Modules whose weights autocast casts at each use; embeddings and norms stay as they are stored."""


def compute_dtype(precision: str) -> torch.dtype:
    """Return what matrices are multiplied in under a precision of Lightning's, e.g. `bf16-mixed`."""
    if precision.startswith("bf16"):
        return torch.bfloat16
    return torch.float16 if precision.startswith("16") else torch.float32


def hold_float32(policy: nn.Module) -> None:
    """Keep adapters, and buffers that no checkpoint holds, in float32 through every later `policy.to(dtype)`.

    Such buffers are rotary frequencies: in bfloat16 they would turn tokens that are far apart by wrong angles. Adapters
    are what is trained, and in bfloat16 most steps of an optimizer would be rounded away.
    """
    for name, module in policy.named_modules():
        own = module._parameters if ".lora_" in name else {n: module._buffers[n] for n in _temporary(module)}
        if any(value is not None and value.is_floating_point() for value in own.values()):
            for value in own.values():
                if value is not None and value.dtype in HALVES:
                    value.data = value.data.float()
            module._apply = MethodType(_moving_only, module)


def _temporary(module: nn.Module) -> list[str]:
    return [name for name in module._buffers if name in module._non_persistent_buffers_set]


def _moving_only(module: nn.Module, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> nn.Module:
    """Do what `nn.Module._apply` does, but for changes of type."""
    tensors = [t for t in (*module._parameters.values(), *module._buffers.values()) if t is not None]
    before = [tensor.data for tensor in tensors]
    named = {id(tensor): name for name, tensor in module._buffers.items()}
    type(module)._apply(module, fn, recurse)
    for tensor, data in zip(tensors, before, strict=True):
        name = named.get(id(tensor))
        now: Tensor | None = tensor if name is None else module._buffers[name]  # buffers are replaced, not written
        if now is not None and now.dtype != data.dtype:
            now.data = data.to(now.device)
    return module


def require_learnable(policy: nn.Module) -> None:
    """Check that no weight which is trained is stored in half precision.

    Raises:
        UserError: one is. At a rate of 1e-6, AdamW moves about one in a hundred elements in bfloat16, and rounds the
            other steps away.
    """
    halved = [name for name, p in policy.named_parameters() if p.requires_grad and p.dtype in HALVES]
    if halved:
        raise UserError(
            f"{len(halved)} trained weights, such as {halved[0]}, are stored in half precision, where small steps are "
            "rounded away: load the policy in float32 and set trainer.precision to bf16-mixed, train adapters "
            "(policy.lora) or use DeepSpeed, which keeps float32 copies"
        )


def store_as_computed(policy: nn.Module, dtype: torch.dtype) -> None:
    """Store a frozen policy's matrices in the type that autocast would cast them to: results stay the same, to the bit.

    Args:
        policy: without anything to train.
        dtype: what it is computed in.
    """
    embeddings: Any = [m for m in policy.modules() if isinstance(m, nn.Embedding)]
    kept = {id(table.weight) for table in embeddings}
    for module in policy.modules():
        if isinstance(module, CAST_BY_AUTOCAST):
            for parameter in module.parameters(recurse=False):
                if id(parameter) not in kept:  # a tied head would take the embedding with it
                    parameter.data = parameter.data.to(dtype)


@contextmanager
def casting_once(policy: nn.Module) -> Iterator[None]:
    """Let autocast cast each frozen weight once within, not at each use, as it else does for those without gradient.

    Nothing within may need gradients. The copies are let go of at the end.
    """
    frozen = [p for p in policy.parameters() if not p.requires_grad and p.dtype == torch.float32]
    device: Any = next(policy.parameters()).device.type
    if not torch.is_autocast_enabled(device) or not frozen:
        yield
        return
    for parameter in frozen:
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)
        torch.clear_autocast_cache()
