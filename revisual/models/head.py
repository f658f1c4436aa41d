"""The head of a language model, some tokens at a time: [tokens, vocabulary] is never held."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

HALVES = (torch.bfloat16, torch.float16)

P = ParamSpec("P")
T = TypeVar("T")

CPU_LOGITS = 12_000_000
"""Logits that a CPU holds at a time (46 MB in float32): 78 tokens of Qwen2.5-VL's vocabulary.

Blocks above 32 MB go back to the system when they are freed, smaller ones fragment glibc's heap.
"""

GPU_TOKENS = range(256, 1025)
"""Tokens that a GPU computes at a time: with few, the matrix of weights is read anew for too little work."""

GPU_SHARE = 1 / 128
"""Of a GPU's memory that a block of float32 logits may take: three such blocks are held at once."""

_planned_memory: ContextVar[int | None] = ContextVar("planned_memory", default=None)


def sampling_logits(
    logits: Float[Tensor, "*batch V"], temperature: float, banned: Int[Tensor, " B"]
) -> Float[Tensor, "*batch V"]:
    """Return the float32 logits that tokens are sampled from; the engine and the trainer both call this.

    Banned tokens get a large negative number and not minus infinity, whose entropy has no gradient.
    """
    logits = logits.float() / temperature
    return logits.index_fill_(-1, banned.to(logits.device), torch.finfo(torch.float32).min / 2)


def softcap_of(policy: Any) -> float | None:
    """Return what a model bounds its logits by (`final_logit_softcapping`, of Gemma); None: they have no bound."""
    return getattr(policy.config.get_text_config(), "final_logit_softcapping", None)


def _bounded(logits: Float[Tensor, "*batch V"], softcap: float | None) -> Float[Tensor, "*batch V"]:
    return logits if softcap is None else (logits / softcap).tanh_().mul_(softcap)


def head_logprobs(
    head: nn.Module,
    hidden: Float[Tensor, "M H"],
    targets: Int[Tensor, " M"],
    temperature: float,
    banned: Int[Tensor, " B"],
    entropy_gradient: bool,
    softcap: float | None = None,
) -> tuple[Float[Tensor, " M"], Float[Tensor, " M"]]:
    """Return the log-prob of each token's target, and the entropy of its distribution, in nats.

    Logits are computed again in the backward pass: for 8k tokens of Qwen2.5-VL they would be 5 GB. A head that is more
    than a matrix is applied to all tokens at once.
    """
    banned = banned.to(hidden.device)
    if type(head) is not nn.Linear or head.bias is not None:
        logprobs = sampling_logits(_bounded(head(hidden).float(), softcap), temperature, banned).log_softmax(-1)
        source = logprobs if entropy_gradient else logprobs.detach()
        return logprobs.gather(-1, targets[:, None])[:, 0], -(source.exp() * source).sum(-1)
    dtype = product_dtype(hidden)
    chosen, entropy = _Head.apply(hidden.to(dtype), head.weight, targets, temperature, banned, softcap)
    return chosen, entropy if entropy_gradient else entropy.detach()


def tokens_at_once(device: torch.device, vocabulary: int) -> int:
    """Return how many tokens' logits are held at a time."""
    memory = _planned_memory.get()
    if memory is None and device.type == "cuda":
        memory = torch.cuda.get_device_properties(device).total_memory
    if memory is None:
        return max(1, CPU_LOGITS // vocabulary)
    return min(max(int(memory * GPU_SHARE) // (4 * vocabulary), GPU_TOKENS[0]), GPU_TOKENS[-1])


@contextmanager
def as_on_gpu(memory: int | None) -> Iterator[None]:
    """Let the head hold as many tokens at a time as on a GPU with so many bytes; None: as on the tensors' device."""
    token = _planned_memory.set(memory)
    try:
        yield
    finally:
        _planned_memory.reset(token)


def without_autocast(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function of tensors multiply in the types that it chooses itself: autocast would round them again."""

    @wraps(function)
    def plain(*args: P.args, **kwargs: P.kwargs) -> T:
        tensors = [x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)]
        with torch.autocast(tensors[0].device.type, enabled=False):
            return function(*args, **kwargs)

    return plain


class _Head(torch.autograd.Function):
    """Gradients of log p(target) and of the entropy H by hand: onehot - p, and -p * (log p + H).

    Matrices are multiplied in the type of `hidden`; logits and the sum of the weight's gradient are float32.
    """

    @staticmethod
    @without_autocast
    def forward(
        ctx: Any,
        hidden: Float[Tensor, "M H"],
        weight: Float[Tensor, "V H"],
        targets: Int[Tensor, " M"],
        temperature: float,
        banned: Int[Tensor, " B"],
        softcap: float | None,
    ) -> tuple[Float[Tensor, " M"], Float[Tensor, " M"]]:
        ctx.settings, ctx.size = (temperature, banned, softcap), tokens_at_once(hidden.device, len(weight))
        chosen, entropy, normalizer = (
            torch.empty(len(hidden), dtype=torch.float32, device=hidden.device) for _ in range(3)
        )
        factor = _factor(weight, hidden.dtype)
        for start in range(0, len(hidden), ctx.size):
            rows = slice(start, start + ctx.size)
            logits = _logits(hidden[rows], factor, *ctx.settings)
            normalizer[rows] = logits.logsumexp(-1)
            logprobs = logits.sub_(normalizer[rows, None])
            chosen[rows] = logprobs.gather(-1, targets[rows, None])[:, 0]
            entropy[rows] = -(logprobs.exp().mul_(logprobs)).sum(-1)
        ctx.save_for_backward(hidden, weight, targets, normalizer, entropy)
        return chosen, entropy

    @staticmethod
    @without_autocast
    def backward(
        ctx: Any, of_chosen: Float[Tensor, " M"], of_entropy: Float[Tensor, " M"]
    ) -> tuple[Tensor | None, ...]:
        hidden, weight, targets, normalizer, entropy = ctx.saved_tensors
        needs_hidden, needs_weight = ctx.needs_input_grad[:2]
        to_hidden = torch.empty_like(hidden) if needs_hidden else None
        to_weight = torch.zeros_like(weight, dtype=torch.float32) if needs_weight else None
        factor = _factor(weight, hidden.dtype)
        half = factor if factor.dtype == hidden.dtype else weight.to(hidden.dtype)
        for start in range(0, len(hidden), ctx.size):
            rows = slice(start, start + ctx.size)
            logits = _logits(hidden[rows], factor, *ctx.settings)
            slope = _slope(logits, ctx.settings[0], ctx.settings[2])
            logprobs = logits.sub_(normalizer[rows, None])
            probs = logprobs.exp()
            # -p * (of_chosen + of_entropy * (log p + H)), and of_chosen for the target
            gradient = logprobs.add_(entropy[rows, None]).mul_(of_entropy[rows, None]).add_(of_chosen[rows, None])
            gradient = gradient.mul_(probs).neg_().scatter_add_(-1, targets[rows, None], of_chosen[rows, None])
            del probs
            gradient = gradient.div_(ctx.settings[0])
            if slope is not None:
                gradient.mul_(slope)
            gradient = gradient.to(hidden.dtype)
            if to_hidden is not None:
                to_hidden[rows] = gradient @ half
            if to_weight is not None:
                add_product(to_weight, gradient.mT, hidden[rows])
        return to_hidden, to_weight if to_weight is None else to_weight.to(weight.dtype), None, None, None, None


def float32_logits(policy: Any) -> Callable[[Float[Tensor, "N H"]], Float[Tensor, "N V"]]:
    """Return a function from states to float32 logits, as the trainer computes them; its weight is cast once."""
    head, softcap = policy.get_output_embeddings(), softcap_of(policy)
    if type(head) is not nn.Linear or head.bias is not None:
        return lambda hidden: _bounded(head(hidden).float(), softcap)
    dtype = product_dtype(head.weight)
    factor = _factor(head.weight, dtype).mT

    @without_autocast
    def logits(hidden: Float[Tensor, "N H"]) -> Float[Tensor, "N V"]:
        return _bounded(float32_product(hidden.to(dtype), factor), softcap)

    return logits


def _logits(
    hidden: Float[Tensor, "C H"],
    factor: Float[Tensor, "V H"],
    temperature: float,
    banned: Int[Tensor, " B"],
    softcap: float | None,
) -> Float[Tensor, "C V"]:
    return sampling_logits(_bounded(float32_product(hidden, factor.mT), softcap), temperature, banned)


def _slope(logits: Float[Tensor, "C V"], temperature: float, softcap: float | None) -> Float[Tensor, "C V"] | None:
    """Return by how much bounded logits move with the product that they are made of; banned ones do not move."""
    if softcap is None:
        return None
    return (logits * (temperature / softcap)).square_().neg_().add_(1).clamp_(min=0)


def _factor(weight: Float[Tensor, "V H"], dtype: torch.dtype) -> Float[Tensor, "V H"]:
    """Return the weight rounded to `dtype`, stored as `float32_product` multiplies it on this device."""
    rounded = weight.to(dtype)
    return rounded if has_wide_products(weight.device, dtype) else rounded.float()


def product_dtype(like: Tensor) -> torch.dtype:
    """Return what a tensor would be multiplied in here: autocast's type, or without autocast its own."""
    kind = like.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else like.dtype


def float32_product(a: Float[Tensor, "*B M K"], b: Float[Tensor, "*B K N"]) -> Float[Tensor, "*B M N"]:
    """Multiply matrices of half precision into float32, where they would else be rounded to three digits.

    `b` may be given in float32 already, so that it need not be cast for each `a`; wider types stay as they are.
    """
    if a.dtype == b.dtype and a.dtype not in HALVES:
        return a @ b
    if a.dtype == b.dtype and has_wide_products(a.device, a.dtype):
        multiply: Any = torch.mm if a.dim() == 2 else torch.bmm
        flat = (a, b) if a.dim() == 2 else (a.flatten(0, -3), b.flatten(0, -3))
        return multiply(*flat, out_dtype=torch.float32).view(*a.shape[:-1], b.shape[-1])
    return a.float() @ b.float()


def add_product(total: Float[Tensor, "M N"], a: Float[Tensor, "M K"], b: Float[Tensor, "K N"]) -> None:
    """Add a product to a float32 matrix: sums of many parts lose their last digits in half precision."""
    if a.dtype == torch.float32:
        total.addmm_(a, b)
    elif has_wide_sums(total.device, a.dtype):
        torch.addmm(total, a, b, out_dtype=torch.float32, out=total)
    elif has_wide_products(total.device, a.dtype):
        total += float32_product(a, b)
    else:
        total.addmm_(a.float(), b.float())


@cache
def has_wide_products(device: torch.device, dtype: torch.dtype) -> bool:
    """Return whether the device multiplies two matrices of `dtype` into one of float32."""
    if device.type != "cuda":
        return False
    ones: Any = torch.ones(16, 16, device=device, dtype=dtype)
    try:
        return all(
            float(f(x, x, out_dtype=torch.float32).sum()) == 16**3
            for f, x in ((torch.mm, ones), (torch.bmm, ones[None]))
        )
    except (NotImplementedError, RuntimeError, TypeError):  # an older torch
        return False


@cache
def has_wide_sums(device: torch.device, dtype: torch.dtype) -> bool:
    """Return whether the device adds such a product to a float32 matrix in place."""
    if device.type != "cuda":
        return False
    ones: Any = torch.ones(16, 16, device=device, dtype=dtype)
    total: Any = torch.ones(16, 16, device=device, dtype=torch.float32)
    try:
        torch.addmm(total, ones, ones, out_dtype=torch.float32, out=total)
        return float(total.sum()) == 16**2 * 17
    except (NotImplementedError, RuntimeError, TypeError):
        return False
