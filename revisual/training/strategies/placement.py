"""How a strategy gets a policy onto its processes."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer

from revisual.core.folders import remove_whole


class Placement(ABC):
    """A strategy that spreads a policy's weights, or what belongs to them, over processes."""

    @abstractmethod
    def place(self, load: Callable[[], nn.Module]) -> nn.Module:
        """Return what `load` gives, spread over the processes without a whole copy on each.

        `load` may be called under `torch.device("meta")`, and on some processes only.
        """

    def accumulate_gradients(self, loss: Float[Tensor, ""]) -> None:
        """Go back through a pass that is not an update's last, and add its gradients to what there is."""
        strategy: Any = self
        strategy.backward(loss, None)

    def remove_checkpoint(self, filepath: str | Path) -> None:
        """Remove a checkpoint; a folder is never left half removed under its name."""
        strategy: Any = self
        if strategy.is_global_zero:
            remove_whole(Path(filepath))

    def drop_step(self, optimizer: Optimizer) -> None:
        """Let the optimizer step that comes next move no parameter."""
        optimizer.zero_grad(set_to_none=True)
