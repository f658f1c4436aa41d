"""Learning-rate schedules over a run whose length is not known when they are made."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR
from typing_extensions import override

from revisual.core.ranges import Fraction, PositiveInt, check_ranges


class NeedsTotalSteps(LambdaLR, ABC):
    """A schedule whose `total_steps` a module sets to a function that is called when the number is needed.

    Args:
        optimizer: whose rates it sets.
    """

    total_steps: Callable[[], int] | None = None
    total: int | None = None
    """Optimizer steps, where they are given and not those of the run."""

    def __init__(self, optimizer: Optimizer) -> None:
        super().__init__(optimizer, self.factor)

    @abstractmethod
    def factor(self, step: int) -> float:
        """Return the share of the learning rate at optimizer step `step`."""

    def set_present_rates(self) -> None:
        """Set the rates of the coming step: when the schedule was made, it could not know the first one."""
        for group, rate, factor in zip(self.optimizer.param_groups, self.base_lrs, self.lr_lambdas, strict=True):
            group["lr"] = rate * factor(self.last_epoch)


class WarmupCosine(NeedsTotalSteps):
    """Rises linearly over the first `warmup_ratio` of the optimizer steps, then falls along a half cosine to 0.

    Args:
        optimizer: whose rates it sets.
        warmup_ratio: share of the steps in which the rate rises.
        total: optimizer steps; null: those of the run.
    """

    def __init__(self, optimizer: Optimizer, warmup_ratio: Fraction = 0.05, total: PositiveInt | None = None) -> None:
        self.warmup_ratio, self.total = warmup_ratio, total
        check_ranges(self)
        super().__init__(optimizer)

    @override
    def factor(self, step: int) -> float:
        if self.total is None:
            if self.total_steps is None:
                return 0.0  # before a module has said how long the run is, and called set_present_rates
            self.total = self.total_steps()
        warmup = math.ceil(self.warmup_ratio * self.total)
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, self.total - warmup))))

    @override
    def state_dict(self) -> dict[str, object]:
        state = {k: v for k, v in super().state_dict().items() if k not in ("total_steps", "total")}
        return state | {"lr_lambdas": [None] * len(self.base_lrs)}  # functions of the arguments alone
