"""The three parts of an image-text model, and taking them out of training."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from revisual.core.errors import UserError
from revisual.models.families import Part, find_family

__all__ = ["Part", "freeze", "part_of"]


def part_of(policy: nn.Module, parameter: str) -> Part:
    """Return the part of the policy that a parameter belongs to, by its name."""
    config: Any = policy.config
    return find_family(config).part_of(parameter)


def freeze(policy: nn.Module, parts: Sequence[Part]) -> None:
    """Take `parts` out of training, and what never gets a gradient; the optimizer leaves out what needs no gradient.

    Raises:
        UserError: the model has no parameter in one of the parts, or all are frozen.
    """
    config: Any = policy.config
    family = find_family(config)
    found = {family.part_of(name) for name, _ in policy.named_parameters()}
    for part in parts:
        if part not in found:
            raise UserError(f"freeze: the policy has no {part} (it has {', '.join(sorted(found))})")
    for name, parameter in policy.named_parameters():
        if family.part_of(name) in parts or family.is_never_used(name):
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in policy.parameters()):
        raise UserError(f"freeze: {list(parts)} leaves nothing to train")
