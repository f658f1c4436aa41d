"""Asking a loss, and its gradient."""

import torch

from revisual.rl.batch import PolicyOutputs
from revisual.rl.losses import Coefficients

BOTH = Coefficients(kl=0.3, entropy=0.1)

LENGTHS = [4, 0, 1, 3, 2]


def outputs_for(batch, seed=7):
    generator = torch.Generator().manual_seed(seed)
    shape = batch.token_ids.shape
    logprobs = -1 + 0.4 * torch.randn(shape, generator=generator, dtype=torch.float64)
    return PolicyOutputs(logprobs, torch.rand(shape, generator=generator, dtype=torch.float64))


def ask(loss, outputs, batch, coefficients=BOTH, count=None):
    return loss(outputs, batch, loss.count(batch) if count is None else count, coefficients)


def gradient(loss, outputs, batch, coefficients=BOTH, count=None):
    logprobs = outputs.logprobs.clone().requires_grad_()
    entropy = None if outputs.entropy is None else outputs.entropy.clone().requires_grad_()
    ask(loss, PolicyOutputs(logprobs, entropy), batch, coefficients, count)[0].backward()
    return logprobs.grad, None if entropy is None else entropy.grad
