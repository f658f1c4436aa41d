"""A reference that follows the policy."""

from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from typing_extensions import override

from revisual.core.errors import UserError
from revisual.core.ranges import Count, PositiveFraction, check_ranges
from revisual.training.strategies.placement import Placement


class ReferenceRefresh(Callback):
    """Moves the reference of the KL term towards the policy, p_reference <- mix * p + (1 - mix) * p_reference.

    TR-DPO (arXiv 2404.09656), whose soft update is a `mix` below 1 and whose hard one is 1; the weights are mixed, not
    the probabilities. For a reference with weights of its own: neither beside LoRA, where it is the policy without
    its adapter, nor where a strategy shards the weights. Checkpoints hold the reference from then on.

    Args:
        every: optimizer steps from one refresh to the next.
        mix: how much of the policy the reference takes.
    """

    def __init__(self, every: Count = 512, mix: PositiveFraction = 0.6) -> None:
        self.every, self.mix = every, mix
        check_ranges(self)
        self._weights: Mapping[str, Tensor] = {}  # those of a refreshed reference, from a checkpoint or for one

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        reference: Any = getattr(pl_module, "reference", None)
        if reference is None or reference.copy is None:
            raise UserError(
                "ReferenceRefresh: no reference with weights of its own: set model.kl_coef, without policy.lora"
            )
        if isinstance(trainer.strategy, Placement):
            raise UserError("ReferenceRefresh: a sharded reference is not refreshed: use another trainer.strategy")
        if self._weights:
            reference.copy.load_state_dict(self._weights)

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step % self.every:
            return
        module: Any = pl_module
        with torch.no_grad():
            own = dict(module.policy.named_parameters())
            for name, weight in module.reference.copy.named_parameters():
                weight.lerp_(own[name].to(weight), self.mix)
        self._weights = module.reference.copy.state_dict()

    @override
    def state_dict(self) -> dict[str, Any]:
        return {"weights": dict(self._weights)}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._weights = state_dict["weights"]
