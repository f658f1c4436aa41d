"""A loader that hands every batch out for several updates, and goes on exactly where a checkpoint stopped."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

from torch.utils.data import DataLoader, Dataset, DistributedSampler

from revisual.core.seeds import stable_seed

T = TypeVar("T")


class LoadedBatch(Generic[T]):
    """Items for one update. Opaque to Lightning, which would otherwise copy what is inside."""

    def __init__(self, items: Sequence[T], update: int, upcoming: Sequence[T] = ()) -> None:
        self.items = items
        self.update = update
        """0 for fresh items, then 1, 2, ... up to the loader's `repeat` - 1."""
        self.upcoming = upcoming
        """The items that follow these, where the loader looks ahead and the epoch has more."""

    def __len__(self) -> int:
        return len(self.items)


class SkippingSampler(DistributedSampler[T]):
    """A `DistributedSampler` whose coming iteration leaves out what a resumed run has had: indices, not items."""

    skip: int = 0

    def __iter__(self) -> Iterator[Any]:
        skip, self.skip = self.skip, 0
        return islice(super().__iter__(), skip, None)


class BatchLoader(Generic[T]):
    """Batches of a data set, each handed out `repeat` times, as `LoadedBatch`.

    The order is a function of (seed, epoch), so that the position is all the state there is: it resumes bit for bit,
    on one process or several. A batch whose updates were not all done is handed out again from its first.

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
        self.repeat, self._handed_out, self._resume_at = repeat, 0, 0
        self.sampler: SkippingSampler[T] = SkippingSampler(
            dataset, num_replicas=world_size, rank=rank, shuffle=shuffle, seed=stable_seed(seed), drop_last=drop_last
        )
        """Lightning tells it which epoch it is, and asks it whether items are shuffled. It adds seed and epoch, and so
        wants seeds that are far apart."""
        self.batch_sampler = None
        self.batch_size = batch_size
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

    def __iter__(self) -> Iterator[LoadedBatch[T]]:
        start, self._resume_at = self._resume_at, 0
        self._handed_out, self.sampler.skip = start * self.repeat, start * self.batch_size
        pairs = pair_with_next(self._batches) if self.look_ahead else ((items, ()) for items in self._batches)
        for items, upcoming in pairs:
            for update in range(self.repeat):
                self._handed_out += 1
                yield LoadedBatch(items, update, upcoming)

    def state_dict(self) -> dict[str, int]:
        """Return the position in the epoch, in batches whose updates are all done."""
        return {"batches": self._handed_out // self.repeat}

    def put_back(self) -> None:
        """Take back the batch that was handed out last: nothing was done with it, and `state_dict` starts with it."""
        self._handed_out = (self._handed_out - 1) // self.repeat * self.repeat

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Start the coming iteration at the position of `state`; an epoch's end is the start of the next one."""
        self._resume_at = state["batches"] % max(1, len(self._batches))


def pair_with_next(batches: Iterable[Sequence[T]]) -> Iterator[tuple[Sequence[T], Sequence[T]]]:
    """Yield each batch with the one that follows it, the last with nothing."""
    ahead = iter(batches)
    items = next(ahead, None)
    while items is not None:
        following = next(ahead, None)
        yield items, following or ()
        items = following
