"""Answers token by token: a prompt and its pictures are computed once, however many answers are drawn."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import DynamicCache

from revisual.models.attention import shares_prompts
from revisual.models.families import find_family
from revisual.models.head import float32_logits, product_dtype
from revisual.models.inputs import answer_positions, padded_positions
from revisual.models.logprobs import banned_token_ids
from revisual.models.precision import casting_once
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.caches import AnswerCache, CopiedPromptCache, SharedPromptCache, join_layers
from revisual.rollout.hf.sampler import next_tokens
from revisual.rollout.hf.state_cache import CopiedStateCache

LET_GO = 0.75
"""Prompts whose answers have all ended are let go when at most this share of the prompts is still being answered."""

Head = Callable[[Float[Tensor, "N H"]], Float[Tensor, "N V"]]


@torch.no_grad()
def decode(
    policy: Any,
    parts: Iterable[Mapping[str, Any]],
    sampling: Sampling,
    n: int,
    uniforms: Float[Tensor, "N L"],
    ends: Sequence[int],
    pad_id: int,
) -> tuple[Int[Tensor, "N T"], Float[Tensor, "N T"]]:
    """Draw `n` answers to each of P prompts.

    Args:
        policy: whole on this process, and in evaluation mode.
        parts: the prompts, some at a time, padded (see `padded_prompts`).
        sampling: how tokens are drawn.
        n: answers per prompt.
        uniforms: what tokens are drawn with.
        ends: tokens that end an answer.
        pad_id: what stands behind its end.

    Returns:
        The tokens and their log-probs. Row p * n + j is the j-th answer to prompt p. After a row's first end token
        stand padding and log-probs of 0; T is as long as the longest answer.
    """
    with casting_once(policy):
        head = float32_logits(policy)
        logits, cache, places = prefill(policy, head, parts, n)
        device, width = logits.device, uniforms.shape[1]
        uniforms, ending = uniforms.to(device), torch.tensor(ends, device=device)
        banned = banned_token_ids(policy).to(device)
        token_ids = torch.full((len(logits), width), pad_id, device=device)
        logprobs = torch.zeros(token_ids.shape, dtype=torch.float32, device=device)
        rows = torch.arange(len(logits), device=device)
        running = torch.ones_like(rows, dtype=torch.bool)
        for t in range(width):
            tokens, chosen = next_tokens(logits, sampling, banned, uniforms[rows, t])
            tokens = tokens.where(running, pad_id)
            token_ids[rows, t], logprobs[rows, t] = tokens, chosen.where(running, 0.0)
            running = running & ~torch.isin(tokens, ending)
            groups = running.view(-1, n).any(1)
            answering = int(groups.sum())  # the one time that a token waits for the device
            if not answering or t + 1 == width:
                return token_ids[:, : t + 1], logprobs[:, : t + 1]
            if answering <= LET_GO * len(groups):
                left = torch.nonzero(groups.repeat_interleave(n))[:, 0]
                cache.keep(torch.nonzero(groups)[:, 0], left)
                rows, running, tokens, places = rows[left], running[left], tokens[left], places[left]
            logits = next_logits(policy, head, tokens, places + t, cache)
    raise AssertionError("no token was asked for")


def prefill(
    policy: Any, head: Head, parts: Iterable[Mapping[str, Any]], n: int
) -> tuple[Float[Tensor, "N V"], AnswerCache, Int[Tensor, " N"]]:
    """Read the prompts, a part at a time.

    Returns:
        What predicts each answer's first token, a cache for the answers, and the place of their first token.
    """
    kept = policy.config if find_family(policy.config).keeps_state else None
    caches, masks, last, places = [], [], [], []
    for part in parts:
        cache, positions = DynamicCache(config=kept), padded_positions(policy, part)
        states = policy.base_model(**part, position_ids=positions, past_key_values=cache, use_cache=True)[0]
        caches.append(cache)
        masks.append(part["attention_mask"].bool())
        last.append(states[:, -1])
        places.append((positions.amax(0) if positions.ndim == 3 else positions).amax(1) + 1)
    logits, dtype = head(torch.cat(last)), product_dtype(last[0])
    if kept is not None:
        answers: AnswerCache = CopiedStateCache(caches, masks, dtype, n)
    else:
        layers, mask = join_layers(caches, masks, dtype)
        answers = SharedPromptCache(layers, mask) if shares_prompts(policy) else CopiedPromptCache(layers, mask, n)
    return logits.repeat_interleave(n, 0), answers, torch.cat(places).repeat_interleave(n)


def next_logits(
    policy: Any, head: Head, tokens: Int[Tensor, " N"], places: Int[Tensor, " N"], cache: AnswerCache
) -> Float[Tensor, "N V"]:
    """Compute what predicts the tokens after `tokens`, which stand at `places`."""
    arguments = cache.arguments() | {"input_ids": tokens[:, None], "position_ids": answer_positions(policy, places)}
    states = policy.base_model(**arguments, use_cache=True)[0]
    cache.advance()
    return head(states[:, -1])
