"""Log-probs of completion tokens: the only place that sets predictions against tokens."""

from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from revisual.models.inputs import ForwardInputs
from revisual.rl.batch import PolicyOutputs

LOGITS_AT_ONCE = 2**24
"""Logits that are held at a time (64 MB in float32): 110 tokens of Qwen2.5-VL's vocabulary.

Blocks above 32 MB go back to the system when they are freed; smaller ones fragment glibc's heap."""


def banned_token_ids(policy: nn.Module) -> Int[Tensor, " B"]:
    """Tokens that no response may hold: a picture, video or vision-start token without a picture crashes a forward."""
    config: Any = policy.config
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "image_token_index", "video_token_index")
    return torch.tensor(sorted({getattr(config, name) for name in names if getattr(config, name, None) is not None}))


def sampling_logits(
    logits: Float[Tensor, "*batch V"], temperature: float, banned: Int[Tensor, " B"]
) -> Float[Tensor, "*batch V"]:
    """The float32 logits that tokens are sampled from; the engine and the trainer both call this.

    Banned tokens get a large negative number and not minus infinity, whose entropy has no gradient.
    """
    logits = logits.float() / temperature
    return logits.index_fill(-1, banned.to(logits.device), torch.finfo(torch.float32).min / 2)


def token_logprobs(
    policy: Any,
    inputs: ForwardInputs,
    token_ids: Int[Tensor, "N T"],
    completion_mask: Bool[Tensor, "N T"],
    *,
    temperature: float = 1.0,
    banned: Int[Tensor, " B"] | None = None,
    entropy: bool = False,
    entropy_gradient: bool = True,
) -> PolicyOutputs:
    """Log-probs [N, T] of the completions that `inputs` hold, and the entropy if asked for; 0 off the mask.

    Logits exist for a few tokens at a time, and are computed again in the backward pass: [tokens, vocabulary] would
    be 5 GB for 8k tokens of Qwen2.5-VL. Without `entropy_gradient` the entropy is a number only.
    """
    hidden = policy.base_model(**inputs.arguments, use_cache=False)[0].flatten(0, 1)[inputs.predictors]
    head = policy.get_output_embeddings()
    mask = completion_mask.to(hidden.device)
    targets = token_ids.to(hidden.device)[mask]

    def chunk(
        states: Float[Tensor, "C H"], tokens: Int[Tensor, " C"]
    ) -> tuple[Float[Tensor, " C"], Float[Tensor, " C"] | None]:
        logits = head(states)
        if banned is not None:
            logits = sampling_logits(logits, temperature, banned)
        logprobs = logits.float().log_softmax(-1)
        chosen = logprobs.gather(-1, tokens[:, None])[:, 0]
        if not entropy:
            return chosen, None
        source = logprobs if entropy_gradient else logprobs.detach()
        return chosen, -(source.exp() * source).sum(-1)

    parts = _in_chunks(chunk, hidden, targets, max(1, LOGITS_AT_ONCE // head.weight.shape[0]))
    chosen = _spread(torch.cat([part[0] for part in parts]), mask)
    return PolicyOutputs(chosen, _spread(torch.cat([part[1] for part in parts]), mask) if entropy else None)


def _in_chunks(chunk: Any, hidden: Float[Tensor, "M H"], targets: Int[Tensor, " M"], size: int) -> list[Any]:
    """The results of `chunk` for `size` tokens at a time; of several, each is computed again in the backward pass."""
    if len(targets) <= size or not torch.is_grad_enabled():
        return [chunk(h, t) for h, t in zip(hidden.split(size), targets.split(size), strict=True)]
    return [
        checkpoint(chunk, h, t, use_reentrant=False, preserve_rng_state=False)
        for h, t in zip(hidden.split(size), targets.split(size), strict=True)
    ]


def _spread(values: Float[Tensor, " M"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N T"]:
    return torch.zeros(mask.shape, dtype=values.dtype, device=values.device).masked_scatter(mask, values)
