"""Answers token by token: a prompt and its pictures are computed once, however many answers are drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import DynamicCache

from revisual.models.attention import shares_prompts
from revisual.models.inputs import has_axes, padded_positions
from revisual.models.logprobs import banned_token_ids
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.caches import AnswerCache, CopiedPromptCache, SharedPromptCache
from revisual.rollout.hf.sampler import next_tokens

LET_GO = 0.75
"""Prompts whose answers have all ended are let go when at most this share of the prompts is still being answered."""


@torch.no_grad()
def decode(
    policy: Any,
    prompts: Mapping[str, Tensor],
    sampling: Sampling,
    n: int,
    uniforms: Float[Tensor, "N L"],
    ends: Sequence[int],
    pad_id: int,
) -> tuple[Int[Tensor, "N T"], Float[Tensor, "N T"]]:
    """`n` answers to each of P padded prompts (see `padded_prompts`), and the log-probs of their tokens.

    Row p * n + j is the j-th answer to prompt p; `uniforms` are what its tokens are drawn with. After a row's first
    end token stand padding and log-probs of 0; T is as long as the longest answer.
    """
    logits, cache, places = prefill(policy, prompts, n)
    device, width = logits.device, uniforms.shape[1]
    uniforms, ending, banned = uniforms.to(device), torch.tensor(ends, device=device), banned_token_ids(policy)
    token_ids = torch.full((len(logits), width), pad_id, device=device)
    logprobs = torch.zeros(token_ids.shape, dtype=torch.float32, device=device)
    rows, running = torch.arange(len(logits), device=device), torch.ones(len(logits), dtype=torch.bool, device=device)
    for t in range(width):
        tokens, chosen = next_tokens(logits, sampling, banned, uniforms[rows, t])
        tokens = tokens.where(running, pad_id)
        token_ids[rows, t], logprobs[rows, t] = tokens, chosen.where(running, 0.0)
        running = running & ~torch.isin(tokens, ending)
        groups = running.view(-1, n).any(1)
        if not groups.any() or t + 1 == width:
            return token_ids[:, : t + 1], logprobs[:, : t + 1]
        if groups.float().mean() <= LET_GO:
            cache.keep(torch.nonzero(groups)[:, 0], n)
            left = groups.repeat_interleave(n)
            rows, running, tokens, places = rows[left], running[left], tokens[left], places[left]
        axes = places[None].expand(3, -1) if has_axes(policy) else places
        output = policy(
            input_ids=tokens[:, None], position_ids=axes[..., None] + t, use_cache=True, **cache.arguments()
        )
        cache.advance()
        logits = output.logits[:, -1]
    raise AssertionError("no token was asked for")


def prefill(
    policy: Any, prompts: Mapping[str, Tensor], n: int
) -> tuple[Float[Tensor, "N V"], AnswerCache, Int[Tensor, " N"]]:
    """What predicts each answer's first token, a cache for the answers, and the place of their first token."""
    cache, positions = DynamicCache(), padded_positions(policy, prompts)
    logits = policy(**prompts, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
    mask = prompts["attention_mask"].bool()
    answers = SharedPromptCache(cache, mask) if shares_prompts(policy) else CopiedPromptCache(cache, mask, n)
    places = (positions.amax(0) if has_axes(policy) else positions).amax(1) + 1
    return logits[:, -1].repeat_interleave(n, 0), answers, places.repeat_interleave(n)
