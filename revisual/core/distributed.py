"""Collective operations between the processes of a run. Every rank must call each of them, in the same order."""

import os
from collections.abc import Mapping
from typing import TypeVar

import torch

T = TypeVar("T")


def is_distributed() -> bool:
    """Return whether this process is one of several that train together."""
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def place_on_node() -> int:
    """Return a process's number on its node, from 0, also before the processes know of each other."""
    named = (os.environ.get(name) for name in ("LOCAL_RANK", "SLURM_LOCALID"))
    return next((int(number) for number in named if number is not None), 0)


def get_rank() -> int:
    """Return this process's number, from 0."""
    return torch.distributed.get_rank() if is_distributed() else 0


def all_gather_objects(value: T) -> list[T]:
    """Return every rank's `value`, in rank order.

    Args:
        value: anything that can be pickled. Tensors in it must be on the CPU: unpickling one that was on a GPU would
            open a context on the sender's GPU in every process.
    """
    if not is_distributed():
        return [value]
    values: list[T] = [value] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(values, value)
    return values


def all_mean(stats: Mapping[str, float]) -> dict[str, float]:
    """Return means over the ranks, by one exchange for all numbers."""
    everyone = all_gather_objects(dict(stats))
    return {name: sum(each[name] for each in everyone) / len(everyone) for name in stats}


def all_sum(stats: Mapping[str, float]) -> dict[str, float]:
    """Return sums over the ranks, by one exchange for all numbers."""
    everyone = all_gather_objects(dict(stats))
    return {name: sum(each[name] for each in everyone) for name in stats}


def all_max(stats: Mapping[str, float]) -> dict[str, float]:
    """Return maxima over the ranks; not a number where any rank's is."""
    everyone = all_gather_objects(dict(stats))
    return {name: torch.tensor([each[name] for each in everyone]).max().item() for name in stats}
