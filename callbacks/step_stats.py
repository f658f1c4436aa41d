"""What every optimizer step costs, and how far it may go."""

import time
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.strategies import DeepSpeedStrategy
from torch.optim import Optimizer
from typing_extensions import override

from revisual.callbacks.metrics_file import peak_memory_mib
from revisual.models.sharding import full_tensor
from revisual.training.policy_module import PolicyModule


class StepStats(Callback):
    """Logs learning rate, gradient norm, time, tokens per second and peak memory of every optimizer step.

    `revisual fit` adds one where the config lists none. Modules of other kinds are left alone.
    """

    def __init__(self) -> None:
        self._began = 0.0

    @override
    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        self._began = time.perf_counter()

    @override
    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        if not isinstance(pl_module, PolicyModule):
            return
        stats = {"train/lr": float(optimizer.param_groups[0]["lr"])}
        if not isinstance(trainer.strategy, DeepSpeedStrategy):
            stats["train/gradient_norm"] = gradient_norm(optimizer)
        pl_module.log_with_update(stats)

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if not isinstance(pl_module, PolicyModule):
            return
        seconds = time.perf_counter() - self._began
        stats = {"train/seconds": seconds, "train/peak_memory_mib": _peak_memory_mib(pl_module)}
        if "train/tokens" in pl_module.step_log.taken:
            stats["train/tokens_per_second"] = pl_module.step_log.taken["train/tokens"] / seconds
        strategy: Any = trainer.strategy
        if isinstance(strategy, DeepSpeedStrategy):  # whose gradients are not the parameters'
            stats["train/gradient_norm"] = float(strategy.deepspeed_engine.get_global_grad_norm() or 0.0)
        pl_module.log_with_last_update(stats)


def gradient_norm(optimizer: Optimizer) -> float:
    """Return the norm of all gradients together; every rank must call it where they are spread over ranks."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return float(full_tensor(torch.nn.utils.get_total_norm(gradients))) if gradients else 0.0


def _peak_memory_mib(module: LightningModule) -> float:
    if module.device.type == "cuda":
        return torch.cuda.max_memory_allocated(module.device) / 2**20
    return peak_memory_mib()
