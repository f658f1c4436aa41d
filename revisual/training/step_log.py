"""What an update logs."""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from revisual.core.distributed import all_sum


class StepLog:
    """Collects the numbers that the coming update logs, from rollout, callbacks and passes."""

    def __init__(self) -> None:
        self.tokens_seen = 0
        """Tokens of the examples trained on, or of the rollouts sampled, since the run began."""
        self.taken: Mapping[str, float] = {}
        """What the last update logs."""
        self._awaits_loggers = False
        self._values: dict[str, float] = {}
        self._sums: dict[str, float] = {}

    def add(self, values: Mapping[str, float]) -> None:
        """Add numbers that are the same on every rank; a later value of a name replaces an earlier one."""
        self._values |= values

    def add_sums(self, values: Mapping[str, Tensor | float]) -> None:
        """Add this rank's and this pass's shares of numbers that are sums over passes and ranks."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)

    def has(self, name: str) -> bool:
        """Return whether there is such a number so far, on this rank."""
        return name in self._values or name in self._sums

    def get(self, name: str) -> float:
        """Return a number as it is so far, on this rank."""
        return self._values[name] if name in self._values else self._sums[name]

    def first_not_finite(self) -> str | None:
        """Return the name of the first of this rank's sums that is NaN or infinite."""
        return next((name for name, value in self._sums.items() if not math.isfinite(value)), None)

    def take(self) -> dict[str, float]:
        """Return all numbers, summed over the ranks where they are sums, and start anew; every rank must call it."""
        numbers = self._values | all_sum(self._sums)
        self.tokens_seen += int(numbers.get("train/tokens", 0) + numbers.get("rollout/tokens", 0))
        self._values, self._sums = {}, {}
        self.taken, self._awaits_loggers = numbers, True
        return numbers

    def add_to_taken(self, values: Mapping[str, float]) -> None:
        """Add numbers, the same on every rank, to those of the update just taken."""
        self.taken = {**self.taken, **values}

    def give_row(self, trainer: Any) -> None:
        """Give loggers what the last update logs, once, if the trainer logs at its step."""
        every, step = trainer.log_every_n_steps, trainer.global_step
        if self._awaits_loggers and every and step % every == 0:
            # Lightning would give loggers, at every step, the last value of what was not measured at this one.
            for logger in trainer.loggers:
                logger.log_metrics({**self.taken, "epoch": trainer.current_epoch}, step - 1)
        self._awaits_loggers = False
