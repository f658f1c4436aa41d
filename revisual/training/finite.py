"""A step with NaN or infinite numbers ends the run, or is skipped and counted."""

import logging
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.strategies import DeepSpeedStrategy
from torch.optim import Optimizer

from revisual.core.distributed import all_gather_objects, get_rank
from revisual.core.errors import UserError
from revisual.core.ranges import NonNegativeInt, check_ranges
from revisual.core.text import shorten_names
from revisual.training.strategies.placement import Placement
from revisual.training.update import Pass

_log = logging.getLogger(__name__)


class FiniteCheck(Callback):
    """Looks at each step's losses, gradients and learning rates before the weights move.

    Every module has one that ends the run; give your own to skip such steps instead.

    Args:
        skip: leave a step with such numbers out, and count it in `train/skipped_steps`; the run still ends where the
            learning rate is not finite.
        most_skipped: end the run after so many skipped steps.
    """

    def __init__(self, skip: bool = False, most_skipped: NonNegativeInt = 100) -> None:
        self.skip, self.most_skipped = skip, most_skipped
        check_ranges(self)
        self.skipped = 0

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Look at the step that is about to be taken; every rank must call it.

        Raises:
            UserError: a number is not finite, and the step is not to be skipped. Says the step, the number and the
                sample that it came from.
        """
        module: Any = pl_module
        found = all_gather_objects(self._fault(module, optimizer))
        fault = next((one for one in found if one is not None), None)
        if fault is None:
            if self.skip:
                module.step_log.add({"train/skipped_steps": float(self.skipped)})
            return
        name, origin = fault
        told = f"step {trainer.global_step}: {name} is not finite{origin}"
        can_skip = self.skip and not name.startswith("the learning rate")
        if not can_skip or self.skipped >= self.most_skipped or isinstance(trainer.strategy, DeepSpeedStrategy):
            raise UserError(f"{told}; the step is not taken, and nothing is exported; checkpoints before it are kept")
        self.skipped += 1
        if isinstance(trainer.strategy, Placement):
            trainer.strategy.drop_step(optimizer)
        else:
            optimizer.zero_grad(set_to_none=True)
        module.step_log.add({"train/skipped_steps": float(self.skipped)})
        if get_rank() == 0:
            _log.warning("%s; the step is skipped, %d so far", told, self.skipped)

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run counts on from."""
        return {"skipped": self.skipped}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Count on."""
        self.skipped = state_dict["skipped"]

    def _fault(self, module: Any, optimizer: Optimizer) -> tuple[str, str] | None:
        """Return what is not finite on this rank, and where it came from in words."""
        for group in optimizer.param_groups:
            if not math.isfinite(group["lr"]):
                return f"the learning rate, {group['lr']},", ""
        name = module.step_log.first_not_finite() or self._gradient(module)
        return None if name is None else (name, _origin(module))

    def _gradient(self, module: Any) -> str | None:
        name = first_not_finite(module.policy, of_gradients=True)
        return None if name is None else f"the gradient of {name}"


def first_not_finite(policy: Any, of_gradients: bool = False) -> str | None:
    """Return the name of the first parameter of which this rank's part, or its gradient's, is not finite."""
    parts = {
        name: part.to_local() if hasattr(part, "to_local") else part
        for name, parameter in policy.named_parameters()
        if (part := parameter.grad if of_gradients else parameter.detach()) is not None and part.is_floating_point()
    }
    # One number for all, since each that is read waits for a GPU; it is not finite if any is not.
    if bool(torch.nn.utils.get_total_norm(list(parts.values())).isfinite()):
        return None
    return next((name for name, part in parts.items() if not bool(torch.isfinite(part).all())), None)


def _origin(module: Any) -> str:
    """Say which sample the numbers came from; with other ranks waiting, those of this rank's part of the step."""
    rows = [(name, one, each.uses_vision) for each in module.update.passes for name, one in _single_rows(each.rows)]
    if module.trainer.world_size == 1:
        began = next((name for name, one, uses_vision in rows if _is_bad(module, one, uses_vision)), None)
        if began is not None:
            return f"; it began with sample {began!r}"
    names = list(dict.fromkeys(name for name, *_ in rows))
    return f"; rank {get_rank()} learned from {shorten_names(list(map(repr, names)), most=5)}"


def _single_rows(rows: Any) -> Iterator[tuple[str, Any]]:
    """Yield the rows of a pass one by one, with their samples' names."""
    if hasattr(rows, "prompt_index"):
        for place, prompt in enumerate(rows.prompt_index.tolist()):
            index = torch.tensor([place])
            yield rows.prompts[prompt].id, rows.select(index)
    else:
        for example in rows.rows:
            yield example.prompt.id, replace(rows, rows=[example])


def _is_bad(module: Any, rows: Any, uses_vision: bool) -> bool:
    """Return whether a row alone gives a loss or a gradient that is not finite; the gradients are lost."""
    module.policy.zero_grad(set_to_none=True)
    with module.trainer.precision_plugin.forward_context():
        count = torch.tensor(module.update.count, dtype=torch.float32, device=module.device)
        loss, _ = module.update.loss_of_pass(Pass(rows, uses_vision), count)
    if not bool(torch.isfinite(loss)):
        return True
    loss.backward()
    return first_not_finite(module.policy, of_gradients=True) is not None
