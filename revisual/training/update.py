"""What one optimizer step learns from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from revisual.core.distributed import all_gather_objects

M = TypeVar("M")


@dataclass(frozen=True)
class MicroBatch(Generic[M]):
    """Rows that go through the policy at once, and what the other ranks must know of them."""

    rows: M
    count: float
    """This pass's share of the update's normalizer."""
    has_pictures: bool


@dataclass(frozen=True)
class Pass(Generic[M]):
    """One forward and backward pass."""

    rows: M
    uses_vision: bool
    """Whether some rank's rows have pictures: those without one then compute a blank picture, since sharding
    strategies need every rank to come by the same weights in the same order."""

    def with_rows(self, **changed: Any) -> "Pass[M]":
        """Return the pass with other values in fields of its rows, which are a dataclass."""
        rows: Any = self.rows
        return replace(self, rows=replace(rows, **changed))


@dataclass(frozen=True)
class Update(Generic[M]):
    """The passes of one optimizer step: equally many on every rank, however many rows each has."""

    passes: tuple[Pass[M], ...]
    count: float
    """The normalizer: tokens or sequences of all passes and ranks."""
    learns_pictures: bool
    """Whether rows with a weight have pictures, on any rank."""


def agree_on_updates(updates: Sequence[Sequence[MicroBatch[M]]], spare: M, always_vision: bool) -> list[Update[M]]:
    """Make this rank's part of updates that all ranks take together; every rank must call it.

    Args:
        updates: this rank's micro-batches, update by update. Ranks may have different numbers of them.
        spare: rows of no weight, for the passes that only other ranks have rows for.
        always_vision: whether the last pass of an update uses every part of the policy, pictures or none: DDP waits
            for the gradients of all.
    """
    mine = [[(each.count, each.has_pictures) for each in update] for update in updates]
    everyone = all_gather_objects(mine)
    agreed = []
    for number, update in enumerate(updates):
        facts = [each[number] for each in everyone]
        length = max(1, *(len(rank) for rank in facts))
        vision = [any(rank[i][1] for rank in facts if i < len(rank)) for i in range(length)]
        rows = [*(each.rows for each in update), *[spare] * (length - len(update))]
        passes = [Pass(one, uses) for one, uses in zip(rows, [*vision[:-1], vision[-1] or always_vision], strict=True)]
        count = math.fsum(share for rank in facts for share, _ in rank)
        agreed.append(Update(tuple(passes), count, any(vision)))
    return agreed
