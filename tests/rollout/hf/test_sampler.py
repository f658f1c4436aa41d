"""Drawing against counting, and truncation against a loop."""

import pytest
import torch
from scipy.stats import chisquare
from torch.testing import assert_close

from revisual.rollout.engine import Sampling
from revisual.rollout.hf.sampler import draw, next_tokens, seeded_uniforms, truncate


def test_frequencies_are_the_distributions():
    logprobs = torch.tensor([0.5, 0.2, 0.0, 0.25, 0.05]).log()
    rows = 20_000
    tokens = draw(logprobs.expand(rows, 5), seeded_uniforms(range(rows), 1)[:, 0])
    counts = torch.bincount(tokens, minlength=5)
    assert counts[2] == 0
    seen = [0, 1, 3, 4]
    assert (
        chisquare(counts[seen].numpy(), (logprobs.exp()[seen].double() * rows).numpy(), sum_check=False).pvalue > 1e-3
    )


def test_uniforms_are_a_function_of_the_seed():
    alone = seeded_uniforms([7], 4)
    among = seeded_uniforms([3, 7, 2**63 - 1], 6)
    assert torch.equal(alone[0], among[1, :4])
    assert among.dtype == torch.float64 and (among >= 0).all() and (among < 1).all()
    assert among.unique().numel() == 18


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-53])
def test_no_draw_hits_a_token_of_probability_zero(uniform):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(500, 9, generator=generator)
    logits[:, [0, 4, 8]] = -1e38
    tokens = draw(logits.log_softmax(-1), torch.full((500,), uniform, dtype=torch.float64))
    assert (tokens == (1 if uniform == 0 else 7)).all()


def by_loop(logprobs, top_p, top_k):
    """Likeliest first, until `top_k` tokens are kept or they hold `top_p` of what `top_k` leaves."""
    ranked = sorted(range(len(logprobs)), key=lambda token: -logprobs[token])
    ranked = ranked[:top_k] if top_k else ranked
    mass = sum(logprobs[token].exp() for token in ranked)
    kept, held = [], 0.0
    for token in ranked:
        if held >= top_p:
            break
        kept.append(token)
        held += float(logprobs[token].exp() / mass)
    total = sum(logprobs[token].exp() for token in kept)
    result = torch.full_like(logprobs, -torch.inf)
    for token in kept:
        result[token] = (logprobs[token].exp() / total).log()
    return result


@pytest.mark.parametrize(("top_p", "top_k"), [(1.0, 0), (0.8, 0), (0.3, 0), (1e-6, 0), (1.0, 3), (1.0, 99), (0.5, 4)])
def test_truncation_keeps_the_likeliest(top_p, top_k):
    logprobs = (2 * torch.randn(50, 11, generator=torch.Generator().manual_seed(1))).log_softmax(-1)
    expected = torch.stack([by_loop(row, top_p, top_k) for row in logprobs])
    assert_close(truncate(logprobs, top_p, top_k), expected, atol=1e-5, rtol=1e-5)


def test_logprobs_over_a_large_vocabulary_are_exact():
    """A plain sum of 150,000 terms in float32 is off by more than the layers before it."""
    logits = 3 * torch.randn(16, 151_936, generator=torch.Generator().manual_seed(0))
    uniforms = torch.linspace(0.01, 0.99, 16, dtype=torch.float64)
    tokens, logprobs = next_tokens(logits.clone(), Sampling(n=1), torch.tensor([0]), uniforms)
    exact = logits.double().index_fill(-1, torch.tensor([0]), -1e30).log_softmax(-1).gather(-1, tokens[:, None])[:, 0]
    assert (logprobs - exact).abs().max() < 2e-6
