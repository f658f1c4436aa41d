"""The policy that the KL term holds on to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from revisual.models.lora import adapter_disabled
from revisual.models.sharding import whole_without_engine


class Reference:
    """A frozen copy of the first policy, or without a copy the policy with its adapter switched off.

    It is no module: the copy is part of no state, and of nothing that a strategy shards or an optimizer sees.
    """

    def __init__(self) -> None:
        self.copy: nn.Module | None = None

    @contextmanager
    def active(self, policy: nn.Module, device: torch.device) -> Iterator[Any]:
        """Give the reference as a policy whose forwards can be computed within."""
        if self.copy is None:
            with adapter_disabled(policy):
                yield policy
        else:
            with whole_without_engine(self.copy):
                yield self.copy.to(device)
