"""Drawing one token per row from seeded numbers, with its log-prob."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from revisual.models.head import sampling_logits
from revisual.rollout.engine import Sampling


def seeded_uniforms(seeds: Sequence[int], length: int) -> Float[Tensor, "N T"]:
    """Draw `length` numbers in [0, 1) for each row, by a generator of its own: no row depends on its neighbors."""
    generator = torch.Generator()
    return torch.stack(
        [torch.rand(length, generator=generator.manual_seed(seed), dtype=torch.float64) for seed in seeds]
    )


def truncate(logprobs: Float[Tensor, "N V"], top_p: float, top_k: int) -> Float[Tensor, "N V"]:
    """Keep the `top_k` likeliest tokens, then the fewest of them with `top_p` of the mass; renormalized."""
    if top_k:
        kth = logprobs.topk(min(top_k, logprobs.shape[-1]), -1).values[:, -1:]
        logprobs = logprobs.masked_fill(logprobs < kth, -torch.inf).log_softmax(-1)
    if top_p < 1:
        ordered, order = logprobs.sort(-1, descending=True)
        before = ordered.exp().cumsum(-1) - ordered.exp()
        dropped = torch.zeros_like(before, dtype=torch.bool).scatter(-1, order, before >= top_p)
        logprobs = logprobs.masked_fill(dropped, -torch.inf).log_softmax(-1)
    return logprobs


def draw(logprobs: Float[Tensor, "N V"], uniforms: Float[Tensor, " N"]) -> Int[Tensor, " N"]:
    """Draw one token per row by inverting the distribution function at `uniforms`, in double precision."""
    cumulative = logprobs.double().exp().cumsum(-1)
    total = cumulative[:, -1:]
    targets = uniforms.to(cumulative.device)[:, None] * total
    targets = targets.minimum(
        total.nextafter(torch.zeros_like(total))
    )  # rounded up to the total, it would hit no token
    return torch.searchsorted(cumulative, targets, right=True)[:, 0].clamp(max=logprobs.shape[-1] - 1)


def next_tokens(
    logits: Float[Tensor, "N V"], sampling: Sampling, banned: Int[Tensor, " B"], uniforms: Float[Tensor, " N"]
) -> tuple[Int[Tensor, " N"], Float[Tensor, " N"]]:
    """Draw the next token of each row, with its log-prob under the distribution that it was drawn from."""
    greedy = sampling.temperature == 0
    scores = sampling_logits(logits, 1.0 if greedy else sampling.temperature, banned)
    # Not log_softmax, whose plain sum of 150,000 terms is off by more than all layers together.
    logprobs = scores.sub_(scores.logsumexp(-1, keepdim=True))
    if greedy:
        tokens = logprobs.argmax(-1)
    else:
        logprobs = truncate(logprobs, sampling.top_p, sampling.top_k)
        tokens = draw(logprobs, uniforms)
    return tokens, logprobs.gather(-1, tokens[:, None])[:, 0]
