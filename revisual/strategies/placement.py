"""How a strategy gets a policy onto its processes."""

from abc import ABC, abstractmethod

from torch import nn
from torch.optim import Optimizer
from transformers.processing_utils import ProcessorMixin

from revisual.models.policy import PolicyLoader


class Placement(ABC):
    """A strategy that spreads a policy's weights, or what belongs to them, over processes."""

    @abstractmethod
    def place(self, loader: PolicyLoader, processor: ProcessorMixin) -> nn.Module:
        """The policy, ready to train, without a whole copy on every process."""

    def drop_step(self, optimizer: Optimizer) -> None:
        """The optimiser step that comes next moves no parameter."""
        optimizer.zero_grad(set_to_none=True)
