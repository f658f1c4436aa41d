"""Whether packed rows on the device say what padded ones say, and what the CPU says: log-probs and gradients."""

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from bench import SEED, Bench
from random_policy import RandomPolicy, policy_folder, prompts

from revisual.data.encoding import PromptEncoder
from revisual.models.inputs import PromptedRows, packed_inputs, padded_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs


@dataclass(frozen=True)
class Answered:
    """What a forward and backward pass gave."""

    logprobs: torch.Tensor
    gradients: Mapping[str, torch.Tensor]


def measure(bench: Bench) -> None:
    """Compare two layers of the 3B's width, with groups of answers to prompts with a picture."""
    loader = RandomPolicy(str(policy_folder(bench, layers=2)))
    processor = loader.load_processor()
    encoder = PromptEncoder(processor, system_prompt=None)
    here = loader.load(processor).train()
    asked = prompts(bench, encoder, bench.size(224, 56), 2)
    task = (asked, torch.tensor([0, 0, 0, 1, 1]), *answers(bench.size(48, 6)))
    wanted = answer(here, encoder, packed_inputs, *task, half=False)
    there = deepcopy(here).to(bench.device)
    for make in (packed_inputs, padded_inputs):
        for half in (False, True):
            name = f"{make.__name__.partition('_')[0]}, {'bfloat16' if half else 'float32'}"
            bench.attempt(
                name, lambda make=make, half=half: gaps(answer(there, encoder, make, *task, half=half), wanted)
            )
    both = [answer(there, encoder, make, *task, half=True) for make in (packed_inputs, padded_inputs)]
    bench.report("packed beside padded, bfloat16", **gaps(*both))


def answers(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return five answers of different lengths, with their mask."""
    generator = torch.Generator().manual_seed(SEED)
    token_ids = torch.randint(40, 200, (5, length), generator=generator)
    lengths = torch.tensor([length, length // 2, 1, length, 3])
    return token_ids, torch.arange(length) < lengths[:, None]


def answer(
    policy: Any, encoder: PromptEncoder, make: Any, asked: Any, index: Any, ids: Any, mask: Any, *, half: bool
) -> Answered:
    """Return what the policy says of the answers; the loss weighs each token otherwise."""
    policy.zero_grad(set_to_none=True)
    pad = encoder.processor.tokenizer.pad_token_id
    inputs = make(policy, PromptedRows(asked, index, encoder.vision_inputs, pad, ids, mask))
    with torch.autocast(policy.device.type, torch.bfloat16, enabled=half):
        said = token_logprobs(policy, inputs, ids, mask, banned=banned_token_ids(policy)).logprobs
    weights = torch.linspace(-1, 1, said.numel(), device=said.device).view_as(said)
    (said * weights).sum().backward()
    return Answered(said.detach().cpu(), {n: p.grad.cpu() for n, p in policy.named_parameters() if p.grad is not None})


def gaps(found: Answered, wanted: Answered) -> dict[str, Any]:
    """Return how far log-probs are apart, in nats, and gradients, relative: all of them, and the worst."""
    distance = (found.logprobs - wanted.logprobs).abs()
    sizes = {name: float(gradient.norm()) for name, gradient in wanted.gradients.items()}
    off = {name: float((found.gradients[name] - gradient).norm()) for name, gradient in wanted.gradients.items()}
    each = {name: off[name] / max(size, 1e-30) for name, size in sizes.items()}
    worst = max(each, key=lambda name: each[name])
    return {
        "largest_gap_nats": float(distance.max()),
        "mean_gap_nats": float(distance.mean()),
        "gradient_error": math.hypot(*off.values()) / math.hypot(*sizes.values()),
        "worst_gradient_error": each[worst],
        "worst_gradient": worst,
    }
