"""The optimizer and the schedule of its learning rate, made from what the config gives."""

from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.strategies import DeepSpeedStrategy
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import nn
from torch.optim import Optimizer

from revisual.models.precision import require_learnable
from revisual.training.fit_checks import require_length
from revisual.training.lr_schedulers import NeedsTotalSteps

OptimizerFactory = Callable[[Iterable[nn.Parameter]], Optimizer]
SchedulerFactory = Callable[[Optimizer], torch.optim.lr_scheduler.LRScheduler]


def make_optimizer(
    policy: Any, trainer: Trainer, optimizer_factory: OptimizerFactory, scheduler_factory: SchedulerFactory | None
) -> OptimizerLRScheduler:
    """Return an optimizer of the policy's trainable parameters, with a schedule that is stepped with it.

    Raises:
        UserError: the trained weights are in a type in which they would not learn, or the schedule needs to know how
            long an endless run is.
    """
    if not isinstance(trainer.strategy, DeepSpeedStrategy):  # which keeps float32 copies of what it trains
        require_learnable(policy)
    optimizer = optimizer_factory(p for p in policy.parameters() if p.requires_grad)
    # A fused one could undo the scaling of float16 within its step, for which Lightning would refuse to clip.
    optimizer._step_supports_amp_scaling = False  # type: ignore[attr-defined]
    if scheduler_factory is None:
        return optimizer
    scheduler = scheduler_factory(optimizer)
    if isinstance(scheduler, NeedsTotalSteps):
        require_length(trainer, scheduler)
        # Asked for when the first step is taken: reading it here would build the loaders before their position
        # is restored, and a resumed run would start its data again.
        scheduler.total_steps = lambda: int(trainer.estimated_stepping_batches)
    return cast(
        OptimizerLRScheduler, {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
    )
