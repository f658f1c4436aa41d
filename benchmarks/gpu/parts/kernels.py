"""Which attention kernels are taken, how far they are from float32, and how fast they are."""

from dataclasses import replace
from functools import partial
from typing import Any, get_args

import torch
from bench import SEED, Bench

from revisual.core.errors import UserError
from revisual.models.attention import Attention, PackedRow, Segment
from revisual.models.attention.choice import Kind, errors_of, kernel_for
from revisual.models.attention.layout import AttentionInputs

HEADS = {"language model of 3B": (16, 2, 128), "language model of 7B": (28, 4, 128), "vision tower": (16, 16, 80)}
"""Heads, key heads, and channels of a head."""


def measure(bench: Bench) -> None:
    """Report each choice of `attention`: for packed rows and windows in bfloat16, and for both in float32."""
    for name, (heads, key_heads, channels) in HEADS.items():
        causal = name != "vision tower"
        kind = Kind(bench.device, torch.bfloat16, heads, key_heads, channels, dropout=False, causal=causal)
        for attention in bench.size(get_args(Attention), ("auto",)):
            if attention != "eager":
                bench.attempt(f"{name}, {attention}", partial(one_kernel, bench, attention, kind))
        exact = replace(kind, dtype=torch.float32)
        bench.attempt(f"{name}, auto, float32", partial(one_kernel, bench, "auto", exact))


def one_kernel(bench: Bench, attention: Attention, kind: Kind) -> dict[str, Any]:
    """Return the kernel's name, its errors against plain float32, and the time of a long row, forward and backward."""
    try:
        kernel = kernel_for(attention, kind)
    except UserError as refused:
        return {"refused": str(refused)}
    prompt, answer, group = bench.size((900, 512, 4), (20, 12, 2))
    errors = errors_of(kernel, kind, [Segment(prompt), *[Segment(answer, 0)] * group])
    row = long_row(bench, causal=kind.causal)
    shapes = [(1, heads, sum(row.lengths), kind.head_dim) for heads in (kind.heads, *[kind.key_heads] * 2)]
    generator = torch.Generator(bench.device).manual_seed(SEED)
    draw = partial(torch.randn, generator=generator, device=kind.device, dtype=kind.dtype)
    given = [draw(shape).requires_grad_() for shape in shapes]
    direction = draw(shapes[0])

    def run() -> None:
        torch.autograd.grad(kernel(AttentionInputs(given[0], given[1], given[2]), row), given, direction)

    seconds = bench.seconds(run)
    pairs = sum(n * n for n in row.lengths)
    if kind.causal:
        pairs = sum(n * (n + 1) // 2 + row.prefix_length(s) * n for s, n in zip(row.segments, row.lengths, strict=True))
    flops = 3.5 * 4 * pairs * kind.heads * kind.head_dim  # forward, and 2.5 times as much backward
    names = ("error", "error_of_query_gradient", "error_of_key_gradient", "error_of_value_gradient")
    return {
        "kernel": kernel.name,
        **dict(zip(names, errors, strict=True)),
        "tokens": sum(row.lengths),
        "ms": seconds * 1e3,
        "tflops": flops / seconds / 1e12,
        "peak_gb": bench.peak_gb(run),
    }


def long_row(bench: Bench, *, causal: bool) -> PackedRow:
    """Return two groups of a prompt and eight completions, or the windows of four pictures."""
    if not causal:
        return PackedRow([Segment(64)] * bench.size(168, 4), causal=False)
    prompt, answer, group = bench.size((900, 1024, 8), (20, 12, 2))
    return PackedRow(
        [Segment(prompt), *[Segment(answer, 0)] * group, Segment(prompt), *[Segment(answer, group + 1)] * group]
    )
