"""How a strategy gets a policy onto its processes."""

from abc import ABC, abstractmethod

from torch import nn
from transformers.processing_utils import ProcessorMixin

from revisual.models.policy import PolicyLoader


class Placement(ABC):
    """A strategy that spreads a policy's weights over processes while it is loaded."""

    @abstractmethod
    def place(self, loader: PolicyLoader, processor: ProcessorMixin) -> nn.Module:
        """The policy, ready to train, without a whole copy on every process."""
