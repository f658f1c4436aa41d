"""How a strategy gets a policy onto its processes."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import nn
from torch.optim import Optimizer


class Placement(ABC):
    """A strategy that spreads a policy's weights, or what belongs to them, over processes."""

    @abstractmethod
    def place(self, load: Callable[[], nn.Module]) -> nn.Module:
        """What `load` gives, spread over the processes without a whole copy on each.

        `load` may be called under `torch.device("meta")`, and on some processes only.
        """

    def drop_step(self, optimizer: Optimizer) -> None:
        """The optimizer step that comes next moves no parameter."""
        optimizer.zero_grad(set_to_none=True)
