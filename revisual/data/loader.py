"""A loader that hands every batch out for several passes, and goes on exactly where a checkpoint stopped."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

from torch.utils.data import DataLoader, Dataset, DistributedSampler

from revisual.core.seeds import stable_seed

T = TypeVar("T")


class Pass(Generic[T]):
    """One training pass over a batch. Opaque to Lightning, which would otherwise copy what is inside."""

    def __init__(self, items: Sequence[T], step: int, upcoming: Sequence[T] = ()) -> None:
        self.items = items
        self.step = step
        """0 for a fresh batch, then 1, 2, ... up to `repeat` - 1."""
        self.upcoming = upcoming
        """What the batch after this one holds, where the loader looks ahead and the epoch has one."""

    def __len__(self) -> int:
        return len(self.items)


class PassLoader(Generic[T]):
    """Batches of a data set, each for `repeat` passes, as `Pass`.

    The order is a function of (seed, epoch), so that the position is all the state there is: it resumes bit for bit,
    on one process or several. A batch whose passes were not finished is handed out again from its first pass.

    It holds a `DataLoader` and is none: Lightning makes those anew where it likes, to predict for one.
    """

    def __init__(
        self,
        dataset: Dataset[T],
        batch_size: int,
        *,
        repeat: int = 1,
        seed: int = 0,
        shuffle: bool = True,
        drop_last: bool = True,
        rank: int = 0,
        world_size: int = 1,
        num_workers: int = 0,
        collate_fn: Callable[[list[T]], Sequence[T]] = list,
        look_ahead: bool = False,
    ) -> None:
        self.look_ahead = look_ahead
        self.repeat, self._passes, self._resume_at = repeat, 0, 0
        self.sampler: DistributedSampler[T] = DistributedSampler(
            dataset, num_replicas=world_size, rank=rank, shuffle=shuffle, seed=stable_seed(seed), drop_last=drop_last
        )
        """Lightning tells it which epoch it is, and asks it whether items are shuffled. It adds seed and epoch, and so
        wants seeds that are far apart."""
        self.batch_sampler = None
        self._batches: DataLoader[Any] = DataLoader(
            dataset,
            batch_size,
            sampler=self.sampler,
            num_workers=num_workers,
            collate_fn=collate_fn,
            drop_last=drop_last,
        )

    def __len__(self) -> int:
        return len(self._batches) * self.repeat

    def __iter__(self) -> Iterator[Pass[T]]:
        start, self._resume_at = self._resume_at, 0
        self._passes = start * self.repeat
        batches = islice(self._batches, start, None)
        for items, upcoming in _with_next(batches) if self.look_ahead else ((items, ()) for items in batches):
            for step in range(self.repeat):
                self._passes += 1
                yield Pass(items, step, upcoming)

    def state_dict(self) -> dict[str, int]:
        """The position in the epoch, in batches whose passes are all done."""
        return {"batches": self._passes // self.repeat}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Starts the coming iteration at the position of `state`; an epoch's end is the start of the next one."""
        self._resume_at = state["batches"] % max(1, len(self._batches))


def _with_next(batches: Iterable[Sequence[T]]) -> Iterator[tuple[Sequence[T], Sequence[T]]]:
    ahead = iter(batches)
    items = next(ahead, None)
    while items is not None:
        following = next(ahead, None)
        yield items, following or ()
        items = following
