"""How far rounding moves what a policy computes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def rounding_otherwise(policy: nn.Module, seed: int = 0) -> Iterator[None]:
    """Move what every linear layer of a policy computes by half a unit in the last place, at random, within the block.

    What changes is what another order of additions changes: stochastic arithmetic, which needs no second kernel and no
    wider type. The same seed moves the same values alike.

    Args:
        policy: with its layers, adapters and towers.
        seed: of the moves.
    """
    generators: dict[torch.device, torch.Generator] = {}

    def move(layer: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        generator = generators.get(output.device)
        if generator is None:
            generator = generators[output.device] = torch.Generator(output.device).manual_seed(seed)
        noise = torch.randn(output.shape, generator=generator, device=output.device)
        half_unit = torch.finfo(output.dtype).eps / 2
        return (output.float() * (1 + half_unit * noise)).to(output.dtype)

    hooks = [layer.register_forward_hook(move) for layer in policy.modules() if isinstance(layer, nn.Linear)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
