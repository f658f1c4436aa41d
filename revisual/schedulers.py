"""Learning-rate schedules over a run whose length is not known when they are made."""

import math
from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


class NeedsTotalSteps(LambdaLR):
    """A schedule whose `total_steps` a module sets to a function that is called when the number is needed."""

    total_steps: Callable[[], int] | None = None


class WarmupCosine(NeedsTotalSteps):
    """Rises linearly over the first `warmup_ratio` of the optimiser steps, then falls along a half cosine to 0."""

    def __init__(self, optimizer: Optimizer, warmup_ratio: float = 0.05, total: int | None = None) -> None:
        self.warmup_ratio, self.total = warmup_ratio, total
        super().__init__(optimizer, self.factor)

    def factor(self, step: int) -> float:
        """The share of the learning rate at optimiser step `step`."""
        if self.total is None:
            if self.total_steps is None:
                return 0.0 if self.warmup_ratio else 1.0  # step 0, before a module has said how long the run is
            self.total = self.total_steps()
        warmup = math.ceil(self.warmup_ratio * self.total)
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, self.total - warmup))))

    def state_dict(self) -> dict[str, object]:  # noqa: D102
        state = super().state_dict()
        return {k: v for k, v in state.items() if k not in ("total_steps", "total")}
