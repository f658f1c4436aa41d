"""Log-probs of completion tokens: the only place that shifts logits against tokens."""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from revisual.rl.batch import PolicyOutputs


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
    policy: nn.Module,
    inputs: Mapping[str, Tensor],
    token_ids: Int[Tensor, "N T"],
    *,
    temperature: float = 1.0,
    banned: Int[Tensor, " B"] | None = None,
    entropy: bool = False,
    entropy_gradient: bool = True,
) -> PolicyOutputs:
    """Log-probs [N, T] of the completions that stand at the end of `inputs`, and the entropy if asked for.

    `inputs` come from `padded_inputs`. Values at padded positions mean nothing: a loss reads the mask. Without
    `entropy_gradient` the entropy is a number only, and keeps no second table of all tokens for the backward pass.
    """
    length = token_ids.shape[1]
    logits = policy(**inputs, logits_to_keep=length + 1, use_cache=False).logits[:, :-1]
    if banned is not None:
        logits = sampling_logits(logits, temperature, banned)
    logprobs = logits.float().log_softmax(-1)
    chosen = logprobs.gather(-1, token_ids.to(logprobs.device)[..., None])[..., 0]
    if not entropy:
        return PolicyOutputs(chosen)
    source = logprobs if entropy_gradient else logprobs.detach()
    return PolicyOutputs(chosen, -(source.exp() * source).sum(-1))
