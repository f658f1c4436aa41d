"""Which weights an engine must get, how they go through files, and whether it got them."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from revisual.core.errors import UserError
from revisual.core.text import shorten_names
from revisual.models.checksums import Checksums, checksum
from revisual.models.families import find_family
from revisual.models.lora import plain_name

FILE_BYTES = 4 * 2**30
"""Of one file of weights: as much is held in memory while they are written."""


def weight_names(policy: nn.Module) -> frozenset[str]:
    """Return the names of what an engine is sent: without adapters, and with a head that is tied to the embedding.

    Engines may hold such a head as a tensor of its own: where it is not sent, they go on with the old one.
    """
    plain = {plain_name(name): weight.shape for name, weight in policy.state_dict().items() if ".lora_" not in name}
    shapes = ((name, torch.empty(shape, device="meta")) for name, shape in plain.items())
    return frozenset(name for name, _ in published_weights(policy, shapes))


def published_weights(policy: Any, weights: Iterable[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    """Give the weights as an engine knows them: as published files have them."""
    family = find_family(policy.config)
    for name, tensor in weights:
        yield from family.published(name, tensor).items()


def record_checksums(weights: Iterable[tuple[str, Tensor]], checksums: dict[str, str]) -> Iterator[tuple[str, Tensor]]:
    """Give the weights as they pass, and keep each one's checksum."""
    for name, tensor in weights:
        checksums[name] = checksum(tensor)
        yield name, tensor


def cast_weights(weights: Iterable[tuple[str, Tensor]], dtype: torch.dtype | None) -> Iterator[tuple[str, Tensor]]:
    """Give floating-point weights in the type that an engine computes in: more would travel for nothing."""
    for name, tensor in weights:
        yield name, tensor.to(dtype) if dtype is not None and tensor.is_floating_point() else tensor


def write_weights(weights: Iterable[tuple[str, Tensor]], folder: Path, file_bytes: int = FILE_BYTES) -> Checksums:
    """Write the weights as safetensors files for `read_weights`.

    Raises:
        UserError: the folder cannot be written; what was written of it is gone.
    """
    checksums: dict[str, str] = {}
    part: dict[str, Tensor] = {}
    held = files = 0
    try:
        folder.mkdir(parents=True)
        for name, tensor in record_checksums(weights, checksums):
            if part and held + tensor.nbytes > file_bytes:
                save_file(part, folder / f"{files:05}.safetensors")
                part, held, files = {}, 0, files + 1
            # A copy: a file may not hold two names for the same memory, as a tied head would be.
            part[name] = tensor.detach().to("cpu", copy=True).contiguous()
            held += tensor.nbytes
        save_file(part, folder / f"{files:05}.safetensors")
    except (OSError, SafetensorError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise UserError(f"cannot write the weights for the rollouts' engine to {folder}: {error}") from error
    return checksums


def read_weights(folder: Path) -> Iterator[tuple[str, Tensor]]:
    """Give the tensors of a folder's safetensors files, one at a time."""
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  # no mapping
                yield name, file.get_tensor(name)


def require_names(wanted: Iterable[str], sent: Iterable[str]) -> None:
    """Check that an engine was sent the whole policy.

    Raises:
        UserError: names that are missing, or that the policy does not have.
    """
    wanted, sent = set(wanted), set(sent)
    if missing := sorted(wanted - sent):
        raise UserError(
            f"weights for the rollouts' engine: {shorten_names(missing)} not sent; it would go on with the old ones"
        )
    if unknown := sorted(sent - wanted):
        raise UserError(f"weights for the rollouts' engine: the policy has no {shorten_names(unknown)}")


def require_received(sent: Checksums, received: Checksums) -> None:
    """Check what an engine read against what was sent.

    Raises:
        UserError: it lacks a tensor, or has another in its place.
    """
    if wrong := sorted(name for name in {*sent, *received} if sent.get(name) != received.get(name)):
        raise UserError(f"weights for the rollouts' engine: it did not get {shorten_names(wrong)} as sent")


def require_loaded(not_loaded: Iterable[str]) -> None:
    """Check that all of an engine's own parameters were written.

    Raises:
        UserError: some were not.
    """
    if left := sorted(not_loaded):
        raise UserError(f"weights for the rollouts' engine: its {shorten_names(left)} got nothing of what was sent")
