"""Sampling one token per row from seeded numbers, with its log-prob recorded."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import LogitsProcessor

from revisual.models.logprobs import sampling_logits
from revisual.rollout.engine import Sampling


def seeded_uniforms(seeds: Sequence[int], length: int) -> Float[Tensor, "N T"]:
    """Row n holds `length` numbers in [0, 1) from a generator of its own: a row does not depend on its neighbours."""
    generator = torch.Generator()
    return torch.stack(
        [torch.rand(length, generator=generator.manual_seed(seed), dtype=torch.float64) for seed in seeds]
    )


def truncate(logprobs: Float[Tensor, "N V"], top_p: float, top_k: int) -> Float[Tensor, "N V"]:
    """Keeps the `top_k` likeliest tokens, then the fewest of them with `top_p` of the mass; renormalised."""
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
    """One token per row by inverting the distribution function at `uniforms`, in double precision."""
    cumulative = logprobs.double().exp().cumsum(-1)
    total = cumulative[:, -1:]
    targets = uniforms.to(cumulative.device)[:, None] * total
    targets = targets.minimum(
        total.nextafter(torch.zeros_like(total))
    )  # rounded up to the total, it would hit no token
    return torch.searchsorted(cumulative, targets, right=True)[:, 0].clamp(max=logprobs.shape[-1] - 1)


class SeededSampler(LogitsProcessor):
    """Chooses the next tokens inside transformers' `generate`, which is left to take the only token that remains.

    Done here and not in `generate`: its own sampling reads one global generator for the whole batch, and keeping
    scores for the log-probs would cost [N, T, vocabulary] (319 GB for 64 rows of 8,192 tokens of Qwen2.5-VL).
    """

    def __init__(self, sampling: Sampling, banned: Int[Tensor, " B"], uniforms: Float[Tensor, "N T"]) -> None:
        self.sampling, self.banned, self.uniforms = sampling, banned, uniforms
        self.logprobs: list[Float[Tensor, " N"]] = []

    def __call__(self, input_ids: Int[Tensor, "N S"], scores: Float[Tensor, "N V"]) -> Float[Tensor, "N V"]:
        """The scores with all but the drawn token ruled out."""
        greedy = self.sampling.temperature == 0
        logits = sampling_logits(scores, 1.0 if greedy else self.sampling.temperature, self.banned)
        logprobs = logits.log_softmax(-1)
        if greedy:
            tokens = logprobs.argmax(-1)
        else:
            logprobs = truncate(logprobs, self.sampling.top_p, self.sampling.top_k)
            tokens = draw(logprobs, self.uniforms[:, len(self.logprobs)])
        self.logprobs.append(logprobs.gather(-1, tokens[:, None])[:, 0])
        return torch.full_like(scores, -torch.inf).scatter(-1, tokens[:, None], 0.0)
