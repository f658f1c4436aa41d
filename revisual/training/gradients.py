"""The gradients of an update's passes: added up, or dropped where there is nothing to learn from."""

import torch
from jaxtyping import Float
from lightning.pytorch.strategies import Strategy
from torch import Tensor, nn
from torch.optim import Optimizer

from revisual.models.parts import part_of
from revisual.training.strategies.placement import Placement


def accumulate_gradients(strategy: Strategy, loss: Float[Tensor, ""]) -> None:
    """Go back through a pass that is not an update's last."""
    with torch.autocast(loss.device.type, enabled=False):  # as Lightning's own backward pass is outside of it
        if isinstance(strategy, Placement):
            strategy.accumulate_gradients(loss)
        else:
            strategy.backward(loss, None)
    torch.clear_autocast_cache()


def drop_step(strategy: Strategy, optimizer: Optimizer) -> None:
    """Let the optimizer step that comes next move no parameter: without gradients, neither momentum nor decay acts."""
    if isinstance(strategy, Placement):
        strategy.drop_step(optimizer)
    else:
        optimizer.zero_grad(set_to_none=True)


def drop_picture_gradients(policy: nn.Module) -> None:
    """Drop those of all parts that only pictures reach."""
    for name, parameter in policy.named_parameters():
        if part_of(policy, name) != "language_model":
            parameter.grad = None
