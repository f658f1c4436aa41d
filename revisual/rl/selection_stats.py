"""What a filter kept, in numbers to log."""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from revisual.rl.groups import Groups


def selection_stats(
    advantages: Float[Tensor, " N"],
    accuracy: Float[Tensor, " N"],
    prompt_index: Int[Tensor, " N"],
    indices: Int[Tensor, " M"],
    weights: Float[Tensor, " M"],
) -> dict[str, float]:
    """Return statistics of the rows `indices` [M] of N, with `weights` [M], by their group's mean accuracy.

    `advantage/kept_fraction_group_accuracy_B` is the share of rows kept of groups whose mean accuracy is 0, in
    (0, 0.5), in [0.5, 1) and 1. `advantage/kept_fraction_rare_right` is the share kept of the right rows (accuracy
    above 0.5) of groups in (0, 0.5): 0 says that a filter throws rare successes away. A share of no rows is NaN.
    `advantage/effective_sample_size` is Kish's (sum w)^2 / sum w^2. Unknown (NaN) accuracies are left out.

    With accuracy 1, 0, 0, 0 of one prompt and row 1 kept: kept_fraction 0.25, ..._accuracy_0_to_0.5 0.25,
    kept_fraction_rare_right 0, effective_sample_size 1.
    """
    groups, right = Groups.of(prompt_index), accuracy.detach().cpu().double()
    known = ~right.isnan()
    group_mean = groups.sum(torch.where(known, right, 0.0)) / groups.sum(known.double())
    mean = group_mean[groups.index]
    kept = torch.zeros(len(advantages), dtype=torch.bool)
    kept[indices.cpu()] = True
    buckets = {
        "0": mean <= 0,
        "0_to_0.5": (mean > 0) & (mean < 0.5),
        "0.5_to_1": (mean >= 0.5) & (mean < 1),
        "1": mean >= 1,
    }
    stats = {"advantage/kept_fraction": _share(kept, torch.ones_like(kept))}
    for name, rows in buckets.items():
        stats[f"advantage/kept_fraction_group_accuracy_{name}"] = _share(kept, rows)
    stats["advantage/kept_fraction_rare_right"] = _share(kept, buckets["0_to_0.5"] & (right > 0.5))
    total = weights.detach().cpu().double()
    stats["advantage/effective_sample_size"] = float(total.sum() ** 2 / total.square().sum()) if total.any() else 0.0
    judged = ~group_mean.isnan()
    stats["advantage/all_right_fraction"] = _share(group_mean >= 1, judged)
    stats["advantage/all_wrong_fraction"] = _share(group_mean <= 0, judged)
    return stats


def _share(chosen: Bool[Tensor, " K"], of: Bool[Tensor, " K"]) -> float:
    return float((chosen & of).sum() / of.sum()) if of.any() else math.nan
