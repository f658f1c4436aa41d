"""The three parts of an image-text model, and taking them out of training."""

import re
from collections.abc import Sequence
from typing import Literal

from torch import nn

from revisual.core.errors import UserError

Part = Literal["vision_tower", "projector", "language_model"]

_PROJECTOR = re.compile(r"(^|\.)(visual\.merger|multi_modal_projector|mm_projector|connector|aligner)\.")
_VISION = re.compile(r"(^|\.)(visual|vision_tower|vision_model)\.")


def part_of(parameter_name: str) -> Part:
    """Return the part that a parameter belongs to.

    Example: `part_of("model.visual.merger.mlp.0.weight")` is `"projector"`.
    """
    if _PROJECTOR.search(parameter_name):
        return "projector"
    return "vision_tower" if _VISION.search(parameter_name) else "language_model"


def freeze(policy: nn.Module, parts: Sequence[Part]) -> None:
    """Take `parts` out of training; the optimizer leaves out what needs no gradient.

    Raises:
        UserError: the model has no parameter in one of the parts, or all are frozen.
    """
    found = {part_of(name) for name, _ in policy.named_parameters()}
    for part in parts:
        if part not in found:
            raise UserError(f"freeze: the policy has no {part} (it has {', '.join(sorted(found))})")
    for name, parameter in policy.named_parameters():
        if part_of(name) in parts:
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in policy.parameters()):
        raise UserError(f"freeze: {list(parts)} leaves nothing to train")
