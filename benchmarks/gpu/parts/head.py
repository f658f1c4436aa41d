"""The head alone, forward and backward: time, memory and error."""

from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from bench import SEED, Bench, relative_error
from torch import nn

from revisual.models import head as head_module
from revisual.models.head import head_logprobs, tokens_at_once

AT_ONCE = (256, 512, 2048, 4096)
"""Tokens beside those that are shipped."""


def measure(bench: Bench) -> None:
    """Report the shipped block of tokens, and others beside it: 8,192 tokens, V 151,936, H 4,096."""
    tokens, vocabulary, hidden = bench.size((8192, 151_936, 4096), (256, 1000, 64))
    torch.manual_seed(SEED)
    with bench.device:
        head = nn.Linear(hidden, vocabulary, bias=False)
        states = torch.randn(tokens, hidden, dtype=bench.size(torch.bfloat16, torch.float32))
        targets = torch.randint(vocabulary, (tokens,))
    shipped = tokens_at_once(bench.device, vocabulary)
    bench.attempt(f"{shipped} tokens at once, as shipped", partial(one_size, bench, head, states, targets, shipped))
    for size in bench.size(AT_ONCE, (64,)):
        bench.attempt(f"{size} tokens at once", partial(one_size, bench, head, states, targets, size))


def one_size(bench: Bench, head: nn.Linear, states: Any, targets: Any, size: int) -> dict[str, Any]:
    """Return time and memory with so many tokens at once, and the errors of a few tokens against plain float32."""

    def run(rows: slice = slice(None)) -> list[torch.Tensor]:
        head.weight.grad = None
        given = states[rows].detach().requires_grad_()
        with bench.autocast():
            logprobs, _ = head_logprobs(head, given, targets[rows], 1.0, torch.tensor([1, 2]), entropy_gradient=False)
        logprobs.sum().backward()
        return [logprobs, given.grad, head.weight.grad]

    with patch.object(head_module, "tokens_at_once", lambda *_: size):
        seconds, peak = bench.seconds(run), bench.peak_gb(run)
        found = run(slice(256))
    errors = [relative_error(f, w) for f, w in zip(found, plainly(head, states[:256], targets[:256]), strict=True)]
    names = ("error", "error_of_states_gradient", "error_of_weight_gradient")
    flops = 4 * 2 * states.numel() * len(head.weight)  # logits twice, and both gradients
    return {
        "ms": seconds * 1e3,
        "peak_gb": peak,
        "tflops": flops / seconds / 1e12,
        **dict(zip(names, errors, strict=True)),
    }


def plainly(head: nn.Linear, states: torch.Tensor, targets: torch.Tensor) -> list[torch.Tensor]:
    """Return log-probs and both gradients by whole matrices of logits in float32."""
    weight = head.weight.detach().clone().requires_grad_()
    given = states.detach().float().requires_grad_()
    logits = (given @ weight.mT).index_fill(-1, torch.tensor([1, 2], device=given.device), -1e30)
    chosen = logits.log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    return [chosen, *torch.autograd.grad(chosen.sum(), (given, weight))]
