"""Training in rounds, each over the prompts that somebody chose for it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from torch.utils.data import DataLoader, Dataset, DistributedSampler

from revisual.core.errors import UserError
from revisual.core.seeds import stable_seed
from revisual.data.loader import BatchLoader, LoadedBatch

T = TypeVar("T")


class PromptChooser(ABC):
    """Chooses the prompts of the coming round. A callback that is one, under `trainer.callbacks`, is asked.

    It must choose the same on every rank, and save in its `state_dict` what it goes by.
    """

    @abstractmethod
    def active(self, keys: Sequence[int], least: int) -> list[int]:
        """Return at least `least` places in `keys`, which are those of `prompt_key`, in ascending order."""


class RoundLoader(BatchLoader[T]):
    """Like `BatchLoader`, over rounds in place of the whole data.

    A round holds the prompts that the chooser names when it begins, each at most once, in batches of full size; those
    left over wait for the next one. An epoch keeps its number of batches, whatever it has rounds: neither schedules nor
    validation notice. Loading ahead ends with a round, so that the chooser knows all outcomes of the one before. While
    all prompts are chosen, batches are those of `BatchLoader`.

    The chosen prompts are part of the state, as the chooser knows more by the middle of a round.
    """

    def __init__(
        self,
        dataset: Dataset[T],
        batch_size: int,
        chooser: PromptChooser,
        keys: Sequence[int],
        *,
        repeat: int = 1,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        num_workers: int = 0,
        collate_fn: Callable[[list[T]], Sequence[T]] = list,
    ) -> None:
        super().__init__(
            dataset, batch_size, repeat=repeat, seed=seed, rank=rank, world_size=world_size,
            num_workers=num_workers, collate_fn=collate_fn,
        )  # fmt: skip
        self.chooser, self.keys = chooser, keys
        self.dataset, self.seed = dataset, seed
        self.rank, self.world_size, self.num_workers, self.collate_fn = rank, world_size, num_workers, collate_fn
        self._round, self._round_updates, self._active = -1, 0, list[int]()

    def __iter__(self) -> Iterator[LoadedBatch[T]]:
        start, self._resume_at = self._resume_at, 0
        self._handed_out = start * self.repeat
        while left := len(self._batches) - self._handed_out // self.repeat:
            for items in islice(self._rest_of_round(), left):
                for update in range(self.repeat):
                    self._handed_out += 1
                    self._round_updates += 1
                    yield LoadedBatch(items, update)

    def _rest_of_round(self) -> DataLoader[Any]:
        """Return the batches of the present round that are still to come, or those of the next one.

        Raises:
            UserError: the chooser names too few prompts.
        """
        batches = self._batches_of_round()[self._round_updates // self.repeat :]
        if not batches:
            self._round, self._round_updates = self._round + 1, 0
            self._active = self.chooser.active(self.keys, self.batch_size * self.world_size)
            batches = self._batches_of_round()
            if not batches:
                raise UserError(f"{type(self.chooser).__name__}: {len(self._active)} prompts are too few for a batch")
        return DataLoader(self.dataset, batch_sampler=batches, num_workers=self.num_workers, collate_fn=self.collate_fn)

    def _batches_of_round(self) -> list[list[int]]:
        """Return this rank's share of the present round: a function of seed, round and what was chosen."""
        active: Any = self._active  # a sampler wants no more than a length
        order: DistributedSampler[int] = DistributedSampler(
            active, num_replicas=self.world_size, rank=self.rank, seed=stable_seed(self.seed), drop_last=True
        )
        order.set_epoch(self._round)
        places = [active[i] for i in order] if active else []
        full = len(places) // self.batch_size * self.batch_size
        return [places[i : i + self.batch_size] for i in range(0, full, self.batch_size)]

    def state_dict(self) -> dict[str, Any]:
        """Return the positions in the epoch and in the round, and what the round holds."""
        return {
            **super().state_dict(),
            "round": self._round,
            "round_batches": self._round_updates // self.repeat,
            "active": list(self._active),
            "prompts": len(self.keys),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on within the round of `state`; a state of `BatchLoader` begins a new one.

        Raises:
            UserError: the state is of other data.
        """
        super().load_state_dict(state)
        if "round" not in state:
            return
        if state["prompts"] != len(self.keys):
            raise UserError(
                f"data.train: the checkpoint is of a run on {state['prompts']} prompts, and here are {len(self.keys)}"
            )
        self._round, self._active = state["round"], list(state["active"])
        self._round_updates = state["round_batches"] * self.repeat
