"""Which kernel is taken: the first that proves itself on the device, for tensors like those it will get."""

import importlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import torch
from jaxtyping import Float
from lightning.fabric.utilities.rank_zero import rank_zero_only
from torch import Tensor

from revisual.core.errors import UserError
from revisual.models.attention.kernels import FusedSDPA, GroupedSDPA, VarlenKernel
from revisual.models.attention.layout import AttentionInputs, Kernel, PackedRow, Segment

Attention = Literal["auto", "flash", "torch", "sdpa", "eager"]

PACKAGES = {"flash-attn 4": "flash_attn.cute", "flash-attn 3": "flash_attn_interface", "flash-attn 2": "flash_attn"}
"""Where each version of flash-attn has its `flash_attn_varlen_func`, newest first."""

ERROR = {torch.float32: 5e-3}
"""The largest relative error of a kernel that is taken; of half precisions, `ROUGH_ERROR`."""
ROUGH_ERROR = 3e-2

TRIAL = (Segment(40), Segment(24, 0), Segment(9, 0), Segment(56), Segment(7))
"""Among them a completion that is shorter than its prompt: a kernel that aligned it to the first key would fail."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """All that a kernel's fitness depends on."""

    device: torch.device
    dtype: torch.dtype
    heads: int
    key_heads: int
    head_dim: int
    dropout: bool
    causal: bool

    def __str__(self) -> str:
        where = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else str(self.device)
        heads = f"{self.heads} heads over {self.key_heads}" if self.heads != self.key_heads else f"{self.heads} heads"
        return f"{heads} of {self.head_dim} in {str(self.dtype).removeprefix('torch.')} on {where}"


def choose_kernel(attention: Attention, inputs: AttentionInputs, *, causal: bool) -> Kernel:
    """Return the kernel for tensors like these; it is tried and logged at the first call.

    Raises:
        UserError: none works, or not the one that is asked for.
    """
    query, key_heads = inputs.query, inputs.key.shape[1]
    kind = Kind(query.device, query.dtype, query.shape[1], key_heads, query.shape[-1], inputs.dropout > 0, causal)
    return kernel_for(attention, kind)


@cache
def kernel_for(attention: Attention, kind: Kind) -> Kernel:
    """Return the first kernel that proves itself.

    Raises:
        UserError: none does; says what was wrong with each.
    """
    if kind.device.type != "cuda":
        if attention in ("flash", "torch"):
            raise UserError(f"attention: {attention} needs a GPU, and the policy is on {kind.device}")
        return GroupedSDPA()
    return first_that_works(candidates(attention), attention, kind)


def first_that_works(kernels: Iterable[Kernel], attention: Attention, kind: Kind) -> Kernel:
    """Try kernels in turn, and log the one that is taken.

    Raises:
        UserError: none works; says in one line what was wrong with each.
    """
    reasons = []
    for kernel in kernels:
        fault = kernel.refuses(kind.dropout) or fault_of(kernel, kind)
        if fault is None:
            rank_zero_only(_log.info)("attention: %s for %s", kernel.name, kind)
            return kernel
        reasons.append(f"{kernel.name}: {fault}")
    asked = "" if attention == "auto" else f" that {attention!r} names"
    raise UserError(f"attention: no kernel{asked} works for {kind}: {'; '.join(reasons) or 'none is installed'}")


def candidates(attention: Attention) -> Iterator[Kernel]:
    """Give the kernels that `attention` allows, best first."""
    functions: list[tuple[str, Callable[..., Any]]] = []
    if attention in ("auto", "flash"):
        functions += [(name, f) for name, at in PACKAGES.items() if (f := _function(at, "flash_attn_varlen_func"))]
    if attention in ("auto", "torch") and (own := _function("torch.nn.attention.varlen", "varlen_attn")):
        functions.append(("torch's varlen attention", own))
    for name, function in functions:
        yield VarlenKernel(function, name)
        yield VarlenKernel(function, name, grouped=False)
    if attention in ("auto", "sdpa"):
        yield FusedSDPA()


def _function(module: str, name: str) -> Callable[..., Any] | None:
    try:
        return getattr(importlib.import_module(module), name, None)
    except (ImportError, OSError, RuntimeError):  # not installed, or built for another torch
        return None


def fault_of(kernel: Kernel, kind: Kind) -> str | None:
    """Try a kernel on a small row, forward and backward.

    Returns:
        What is wrong with it in a few words; nothing, if nothing is.
    """
    try:
        worst = float(torch.tensor(errors_of(kernel, kind, TRIAL)).max())  # NaN, if one is
    except Exception as error:  # kernels refuse by errors of many kinds
        return " ".join(str(error).split())[:120] or type(error).__name__
    return None if worst <= ERROR.get(kind.dtype, ROUGH_ERROR) else f"its results are off by {worst:.1e}"


def errors_of(kernel: Kernel, kind: Kind, segments: Sequence[Segment]) -> list[float]:
    """Compare a kernel with plain matrices of scores in float32.

    Args:
        kernel: to try.
        kind: of tensors.
        segments: of the row; where it is not causal, each stands alone.

    Returns:
        Relative errors of what is attended, and of the gradients of query, key and value.
    """
    segments = segments if kind.causal else tuple(Segment(s.length) for s in segments)
    row = PackedRow(segments, causal=kind.causal)
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast(kind.device.type, enabled=False):
        shapes = [(1, heads, sum(row.lengths), kind.head_dim) for heads in (kind.heads, *[kind.key_heads] * 2)]
        given = [_waves(shape, kind, phase) for phase, shape in enumerate(shapes)]
        direction = _waves(shapes[0], kind, 3).detach()
        attended = kernel(AttentionInputs(given[0], given[1], given[2]), row)
        ours = [attended, *torch.autograd.grad(attended, given, direction)]
        exact = [x.detach().float().requires_grad_() for x in given]
        plain = plain_attention(exact[0], exact[1], exact[2], row)
        wanted = [plain, *torch.autograd.grad(plain, exact, direction.float())]
    return [
        float((a.detach().float() - b.detach()).norm() / b.detach().norm()) for a, b in zip(ours, wanted, strict=True)
    ]


def plain_attention(
    query: Float[Tensor, "1 H L D"], key: Float[Tensor, "1 K L D"], value: Float[Tensor, "1 K L D"], row: PackedRow
) -> Float[Tensor, "1 H L D"]:
    """Compute attention by one matrix of scores over the whole row: what kernels are tried against."""
    length, device = query.shape[2], query.device
    allowed = torch.zeros(length, length, dtype=torch.bool, device=device)
    ends = row.query_ends.tolist()
    for number, segment in enumerate(row.segments):
        own = slice(ends[number], ends[number + 1])
        square = torch.ones(segment.length, segment.length, dtype=torch.bool, device=device)
        allowed[own, own] = square.tril() if row.causal else square
        if segment.prefix is not None:
            allowed[own, ends[segment.prefix] : ends[segment.prefix + 1]] = True
    repeats = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeats, 1), value.repeat_interleave(repeats, 1)
    scores = (query @ key.mT / query.shape[-1] ** 0.5).masked_fill(~allowed, -torch.inf)
    return scores.softmax(-1) @ value


def _waves(shape: tuple[int, ...], kind: Kind, phase: int) -> Float[Tensor, "1 _ _ _"]:
    """Return numbers of all sizes that no generator is asked for."""
    count = torch.arange(torch.Size(shape).numel(), device=kind.device, dtype=torch.float64)
    return (1.5 * torch.sin(count * 1.7 + 0.1 * (count % 97) + phase)).view(shape).to(kind.dtype).requires_grad_()
