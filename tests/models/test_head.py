"""The head's log-probs, entropies and gradients in half precision, against float64; and how much it holds at a time."""

from types import SimpleNamespace
from unittest.mock import patch

import pytest
import torch
from torch import nn

from revisual.models import head
from revisual.models.head import add_product, float32_product, head_logprobs, sampling_logits, tokens_at_once

TOKENS, HIDDEN, VOCABULARY = 23, 64, 301
BANNED = torch.tensor([3, 300])


def example(scale):
    generator = torch.Generator().manual_seed(0)
    linear = nn.Linear(HIDDEN, VOCABULARY, bias=False)
    linear.weight.data = torch.randn(VOCABULARY, HIDDEN, generator=generator)
    hidden = torch.randn(TOKENS, HIDDEN, generator=generator) * scale
    return linear, hidden, torch.randint(4, 300, (TOKENS,), generator=generator)


def exact(linear, hidden, targets, softcap=None):
    """In float64, from the same values rounded to bfloat16."""
    weight = linear.weight.detach().bfloat16().double().requires_grad_()
    states = hidden.bfloat16().double().requires_grad_()
    logits = states @ weight.T
    if softcap is not None:
        logits = softcap * torch.tanh(logits / softcap)
    logits = (logits / 0.7).index_fill(1, BANNED, -1e30)
    logprobs = logits.log_softmax(-1)
    chosen, entropy = logprobs[torch.arange(TOKENS), targets], -(logprobs.exp() * logprobs).sum(-1)
    (chosen.sum() + 0.3 * entropy.sum()).backward()
    return chosen, entropy, states.grad, weight.grad


@pytest.mark.parametrize("tokens", [1, 5, 100])
@pytest.mark.parametrize(("scale", "softcap"), [(0.2, None), (3.0, None), (0.2, 2.0), (3.0, 30.0)])
def test_half_precision_rounds_neither_logits_nor_the_sum_of_gradients(tokens, scale, softcap, monkeypatch):
    monkeypatch.setattr(head, "CPU_LOGITS", tokens * VOCABULARY)
    linear, hidden, targets = example(scale)
    states = hidden.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        chosen, entropy = head_logprobs(linear, states, targets, 0.7, BANNED, entropy_gradient=True, softcap=softcap)
        (chosen.sum() + 0.3 * entropy.sum()).backward()
    wanted = exact(linear, hidden, targets, softcap)
    assert chosen.dtype == entropy.dtype == linear.weight.grad.dtype == torch.float32
    assert (chosen - wanted[0]).abs().max() < 1e-4 * max(1, scale) and (entropy - wanted[1]).abs().max() < 1e-3
    for ours, theirs, error in ((states.grad, wanted[2], 8e-3), (linear.weight.grad, wanted[3], 3e-3)):
        assert (ours - theirs).norm() < error * theirs.norm()


def test_log_probs_are_float32_whatever_torch_makes_by_default():
    linear, hidden, targets = example(1.0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        half = nn.Linear(HIDDEN, VOCABULARY, bias=False)
        half.weight.data = linear.weight.detach().bfloat16()
        states = hidden.bfloat16().requires_grad_()
        chosen, entropy = head_logprobs(half, states, targets, 0.7, BANNED, entropy_gradient=False)
        (chosen.sum() + 0.0 * entropy.sum()).backward()
    finally:
        torch.set_default_dtype(torch.float32)
    assert chosen.dtype == entropy.dtype == torch.float32 and half.weight.grad.dtype == torch.bfloat16
    assert (chosen - exact(linear, hidden, targets)[0]).abs().max() < 1e-4


@pytest.mark.parametrize(("gigabytes", "expected"), [(80, 1024), (24, 310), (8, 256)])
def test_tokens_at_once_on_a_gpu(gigabytes, expected):
    with patch("torch.cuda.get_device_properties", return_value=SimpleNamespace(total_memory=gigabytes * 10**9)):
        tokens = tokens_at_once(torch.device("cuda"), 151_936)
    assert tokens == pytest.approx(expected, abs=5)
    assert tokens_at_once(torch.device("cpu"), 151_936) == 78


@pytest.mark.parametrize("shape", [(4,), (2, 4), (3, 2, 4)])
def test_products_of_half_precision_are_float32(shape):
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(*shape, 64, generator=generator).bfloat16()
    b = torch.randn(*shape[:-1], 64, 5, generator=generator).bfloat16()
    wanted = a.double() @ b.double()
    assert (float32_product(a, b) - wanted).abs().max() < 1e-4
    assert ((a @ b).double() - wanted).abs().max() > 1e-3

    def wide(x, y, out_dtype):  # a GPU's call
        assert x.dim() == y.dim() and x.dtype == y.dtype == torch.bfloat16
        return (x.double() @ y.double()).to(out_dtype)

    with (
        patch.object(head, "has_wide_products", lambda *_: True),
        patch("torch.mm", wide),
        patch("torch.bmm", wide),
    ):
        assert (float32_product(a, b) - wanted).abs().max() < 1e-4


def test_products_are_added_in_float32():
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros(6, 5)
    wanted = torch.zeros(6, 5, dtype=torch.float64)
    for _ in range(300):
        a, b = torch.randn(6, 4, generator=generator).bfloat16(), torch.randn(4, 5, generator=generator).bfloat16()
        add_product(total, a, b)
        wanted += a.double() @ b.double()
    assert (total - wanted).abs().max() < 1e-3


def test_sampling_logits_ban_and_scale():
    logits = sampling_logits(torch.tensor([[1.0, 2.0, 3.0]]), 0.5, torch.tensor([1]))
    assert logits[0, [0, 2]].tolist() == [2.0, 6.0] and logits[0, 1] < -1e38
