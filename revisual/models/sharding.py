"""A policy's whole weights, however a strategy spreads them over processes."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor

from revisual.models.lora import adapters, plain_name


def full_tensors(policy: nn.Module, dtype: torch.dtype | None = None) -> Iterator[tuple[str, Tensor]]:
    """Give name and whole value of each weight that the policy without adapters would have, one at a time.

    Adapters are merged in; a head that shares the embedding's weight comes under its own name too. Every process must
    go through all of it, as each tensor is put together from all processes' parts.

    Args:
        policy: as its strategy holds it.
        dtype: of floating-point weights; they are cast before they travel between processes.
    """
    for part in policy.modules():
        if isinstance(part, FSDPModule):
            part.reshard()  # a forward without a backward pass leaves whole weights behind, in memory that may be freed
    tensors: dict[str, Tensor] = dict(policy.named_parameters(remove_duplicate=False))
    tensors |= {name: value for name, value in policy.named_buffers() if name in policy.state_dict()}
    added = adapters(policy)
    for name, value in tensors.items():
        if ".lora_" in name:
            continue
        wanted = dtype if dtype is not None and value.is_floating_point() else value.dtype
        with torch.no_grad():
            if adapter := added.get(name):
                up, down = (_adapter(tensors, adapter.layer, part) for part in ("lora_B", "lora_A"))
                merged = full_tensor(value).float() + adapter.delta(up, down)
                yield plain_name(name), merged.to(wanted)
            else:
                yield plain_name(name), full_tensor(value, wanted)


def full_tensor(tensor: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return the whole of a tensor that FSDP2 or ZeRO-3 has spread over processes; any other as it is, not copied."""
    dtype = dtype or tensor.dtype
    if isinstance(tensor, DTensor):
        spread: Any = tensor.detach().to(dtype)
        return spread.full_tensor()
    if not hasattr(tensor, "ds_id"):
        return tensor.detach().to(dtype)
    from deepspeed import zero

    with zero.GatheredParameters([tensor]):
        return tensor.detach().to(dtype, copy=True)


@contextmanager
def open_for_writing(parameters: Sequence[Tensor]) -> Iterator[None]:
    """Let parameters be written within: those that ZeRO-3 spreads, by the first process, for all."""
    if not any(hasattr(p, "ds_id") for p in parameters):
        yield
        return
    from deepspeed import zero

    with zero.GatheredParameters(list(parameters), modifier_rank=0):
        yield


def _adapter(tensors: dict[str, Tensor], layer: str, part: str) -> Tensor:
    return full_tensor(next(value for name, value in tensors.items() if name.startswith(f"{layer}.{part}.")))


def is_sharded(policy: nn.Module) -> bool:
    """Return whether a process holds only a part of the policy's weights."""
    return isinstance(policy, FSDPModule) or any(hasattr(p, "ds_id") for p in policy.parameters())


@contextmanager
def unsharded_weights(policy: nn.Module) -> Iterator[None]:
    """Hold the whole weights within on each process, which computes on its own.

    Generation would otherwise bring every layer together for every token, and processes whose answers end earlier
    would leave the others waiting for ever. It costs a whole copy of the weights; an engine with its own does not
    need it. Nothing within may need gradients.
    """
    if not is_sharded(policy):
        yield
        return
    with ExitStack() as stack:
        if isinstance(policy, FSDPModule):
            stack.enter_context(_unsharded([m for m in policy.modules() if isinstance(m, FSDPModule)]))
        else:
            from deepspeed import zero

            stack.enter_context(zero.GatheredParameters(list(policy.parameters())))
        stack.enter_context(_without_hooks(policy))
        yield


@contextmanager
def whole_without_engine(policy: nn.Module) -> Iterator[None]:
    """Let forwards work within for a policy that ZeRO-3 has spread, but that is no part of what DeepSpeed trains."""
    if isinstance(policy, FSDPModule):
        yield
    else:
        with unsharded_weights(policy):
            yield


@contextmanager
def _unsharded(parts: Sequence[Any]) -> Iterator[None]:
    for part in parts:
        part.unshard()
    try:
        yield
    finally:
        for part in parts:
            part.reshard()


@contextmanager
def _without_hooks(policy: nn.Module) -> Iterator[None]:
    """Forward without the hooks in which strategies gather and free weights around each module.

    Others stay, and so do those that are added within: transformers records layers by hooks, from the first forward on.
    """
    names = ("_forward_pre_hooks", "_forward_hooks")
    kept = [(module, name, getattr(module, name)) for module in policy.modules() for name in names]
    for module, name, hooks in kept:
        setattr(module, name, OrderedDict((key, hook) for key, hook in hooks.items() if not _is_of_strategy(hook)))
    try:
        yield
    finally:
        for module, name, hooks in kept:
            hooks.update(getattr(module, name))
            setattr(module, name, hooks)


def _is_of_strategy(hook: Any) -> bool:
    return str(getattr(hook, "__module__", "")).startswith(("torch.distributed.", "deepspeed."))
