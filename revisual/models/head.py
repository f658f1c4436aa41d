"""The head of a language model, a few tokens at a time: [tokens, vocabulary] is never held."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

LOGITS_AT_ONCE = 12_000_000
"""Logits that are held at a time (46 MB in float32): 78 tokens of Qwen2.5-VL's vocabulary.

Blocks above 32 MB go back to the system when they are freed, smaller ones fragment glibc's heap.
"""


def sampling_logits(
    logits: Float[Tensor, "*batch V"], temperature: float, banned: Int[Tensor, " B"]
) -> Float[Tensor, "*batch V"]:
    """The float32 logits that tokens are sampled from; the engine and the trainer both call this.

    Banned tokens get a large negative number and not minus infinity, whose entropy has no gradient.
    """
    logits = logits.float() / temperature
    return logits.index_fill_(-1, banned.to(logits.device), torch.finfo(torch.float32).min / 2)


def head_logprobs(
    head: nn.Module,
    hidden: Float[Tensor, "M H"],
    targets: Int[Tensor, " M"],
    temperature: float,
    banned: Int[Tensor, " B"],
    entropy_gradient: bool,
) -> tuple[Float[Tensor, " M"], Float[Tensor, " M"]]:
    """Log-prob of each token's target, and the entropy of its distribution, in nats.

    Logits are computed again in the backward pass: for 8k tokens of Qwen2.5-VL they would be 5 GB. A head that is more
    than a matrix is applied to all tokens at once.
    """
    if type(head) is not nn.Linear or head.bias is not None:
        logprobs = sampling_logits(head(hidden), temperature, banned).log_softmax(-1)
        source = logprobs if entropy_gradient else logprobs.detach()
        return logprobs.gather(-1, targets[:, None])[:, 0], -(source.exp() * source).sum(-1)
    kind = hidden.device.type
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden.dtype
    chosen, entropy = _Head.apply(hidden.to(dtype), head.weight.to(dtype), targets, temperature, banned)
    return chosen, entropy if entropy_gradient else entropy.detach()


class _Head(torch.autograd.Function):
    """Gradients of log p(target) and of the entropy H by hand: onehot - p, and -p * (log p + H)."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Float[Tensor, "M H"],
        weight: Float[Tensor, "V H"],
        targets: Int[Tensor, " M"],
        temperature: float,
        banned: Int[Tensor, " B"],
    ) -> tuple[Float[Tensor, " M"], Float[Tensor, " M"]]:
        ctx.settings, ctx.size = (temperature, banned), max(1, LOGITS_AT_ONCE // len(weight))
        chosen, entropy, normalizer = (torch.empty(len(hidden), device=hidden.device) for _ in range(3))
        for rows in torch.arange(len(hidden), device=hidden.device).split(ctx.size):
            logits = _logits(hidden[rows], weight, *ctx.settings)
            normalizer[rows] = logits.logsumexp(-1)
            logprobs = logits.sub_(normalizer[rows, None])
            chosen[rows] = logprobs.gather(-1, targets[rows, None])[:, 0]
            entropy[rows] = -(logprobs.exp().mul_(logprobs)).sum(-1)
        ctx.save_for_backward(hidden, weight, targets, normalizer, entropy)
        return chosen, entropy

    @staticmethod
    def backward(
        ctx: Any, of_chosen: Float[Tensor, " M"], of_entropy: Float[Tensor, " M"]
    ) -> tuple[Tensor | None, ...]:
        hidden, weight, targets, normalizer, entropy = ctx.saved_tensors
        needs_hidden, needs_weight = ctx.needs_input_grad[:2]
        to_hidden = torch.empty_like(hidden) if needs_hidden else None
        to_weight = torch.zeros_like(weight, dtype=torch.float32) if needs_weight else None
        for rows in torch.arange(len(hidden), device=hidden.device).split(ctx.size):
            logprobs = _logits(hidden[rows], weight, *ctx.settings).sub_(normalizer[rows, None])
            probs = logprobs.exp()
            # -p * (of_chosen + of_entropy * (log p + H)), and of_chosen for the target
            gradient = logprobs.add_(entropy[rows, None]).mul_(of_entropy[rows, None]).add_(of_chosen[rows, None])
            gradient = gradient.mul_(probs).neg_().scatter_add_(-1, targets[rows, None], of_chosen[rows, None])
            gradient = gradient.div_(ctx.settings[0]).to(weight.dtype)
            if to_hidden is not None:
                to_hidden[rows] = gradient @ weight
            if to_weight is not None and weight.dtype == torch.float32:
                to_weight.addmm_(gradient.mT, hidden[rows])
            elif to_weight is not None:  # sums of many parts lose their last digits in bfloat16
                to_weight += gradient.mT @ hidden[rows]
        return to_hidden, to_weight if to_weight is None else to_weight.to(weight.dtype), None, None, None


def _logits(
    hidden: Float[Tensor, "C H"], weight: Float[Tensor, "V H"], temperature: float, banned: Int[Tensor, " B"]
) -> Float[Tensor, "C V"]:
    return sampling_logits(hidden @ weight.mT, temperature, banned)
