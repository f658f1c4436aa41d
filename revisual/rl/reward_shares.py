"""How much of the advantages each reward term makes."""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from revisual.rl.groups import Groups


def term_covariances(
    terms: Mapping[str, Float[Tensor, " N"]], valid: Bool[Tensor, " N"], prompt_index: Int[Tensor, " N"]
) -> dict[str, float]:
    """Return each weighted term's covariance with the total reward within groups, times the number of valid rows.

    Values are less their group's mean over valid rows. The sum over terms is the total's variance times that number;
    so these add up over processes, too.

    >>> one_prompt, both = torch.zeros(2, dtype=torch.long), torch.ones(2, dtype=torch.bool)
    >>> terms = {"accuracy": torch.tensor([1.0, 0.0]), "length": torch.tensor([0.0, 0.5])}
    >>> term_covariances(terms, both, one_prompt)
    {'accuracy': 0.25, 'length': -0.125}
    """
    groups, known = Groups.of(prompt_index), valid.cpu()
    size = groups.sum(known.double()).clamp(min=1)

    def center(values: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
        exact = torch.where(known, values.detach().cpu().double(), 0.0)
        varies = known & ~groups.constant(values.detach().cpu(), known)[groups.index]
        return torch.where(varies, exact - (groups.sum(exact) / size)[groups.index], 0.0)

    parts = {name: center(values) for name, values in terms.items()}
    total = sum(parts.values(), torch.zeros(len(known), dtype=torch.double))
    return {name: float(part @ total) for name, part in parts.items()}


def variance_shares(covariances: Mapping[str, float]) -> dict[str, float]:
    """Divide covariances by their sum: shares of the advantages' variance, before any division by its square root.

    They add up to 1. A term that works against the others has a negative share; without any variance all are NaN.

    >>> variance_shares({"accuracy": 0.25, "length": -0.125})
    {'accuracy': 2.0, 'length': -1.0}
    """
    total = math.fsum(covariances.values())
    return {name: value / total if total > 0 else math.nan for name, value in covariances.items()}
