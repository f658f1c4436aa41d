"""The 3B's vision tower alone, forward and backward."""

from functools import partial
from typing import Any

import torch
from bench import Bench
from random_policy import load, prompts

from revisual.models.families import find_family
from revisual.models.inputs import vision_arguments


def measure(bench: Bench) -> None:
    """Report four pictures, small and large ones."""
    policy, encoder = load(bench)
    del policy.base_model.language_model  # the tower needs none of it
    bench.forget()
    for side in bench.size((336, 728), (56,)):
        pictures = [encoder.vision_inputs(one) for one in prompts(bench, encoder, side, 4)]
        bench.attempt(f"4 pictures of {side} pixels", partial(one_size, bench, policy, pictures))


def one_size(bench: Bench, policy: Any, pictures: Any) -> dict[str, Any]:
    """Return the time and memory of the pictures' features and of their gradients."""
    family, arguments = find_family(policy.config), vision_arguments(policy, pictures)
    tower = [p for p in family.windowed_tower(policy).parameters() if p.requires_grad]

    def run() -> None:
        with bench.autocast():
            features = family.unused_features(policy, arguments)
        torch.autograd.grad(sum(one.float().square().sum() for one in features), tower)

    patches = int(arguments["pixel_values"].shape[0])
    seconds = bench.seconds(run)
    return {
        "patches": patches,
        "ms": seconds * 1e3,
        "patches_per_second": patches / seconds,
        "peak_gb": bench.peak_gb(run),
    }
