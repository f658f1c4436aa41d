"""Log-probs of completion tokens: the only place that sets predictions against tokens."""

from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from revisual.models.head import head_logprobs
from revisual.models.inputs import ForwardInputs
from revisual.rl.batch import PolicyOutputs


def banned_token_ids(policy: nn.Module) -> Int[Tensor, " B"]:
    """Tokens that no response may hold: a picture, video or vision-start token without a picture crashes a forward."""
    config: Any = policy.config
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "image_token_index", "video_token_index")
    return torch.tensor(sorted({getattr(config, name) for name in names if getattr(config, name, None) is not None}))


def token_logprobs(
    policy: Any,
    inputs: ForwardInputs,
    token_ids: Int[Tensor, "N T"],
    completion_mask: Bool[Tensor, "N T"],
    *,
    temperature: float = 1.0,
    banned: Int[Tensor, " B"] | None = None,
    entropy_gradient: bool = False,
) -> PolicyOutputs:
    """Log-probs and entropies [N, T] of the completions that `inputs` hold; 0 off the mask.

    Without `entropy_gradient` the entropy is a number only.
    """
    hidden = policy.base_model(**inputs.arguments, use_cache=False)[0].flatten(0, 1)[inputs.predictors]
    mask = completion_mask.to(hidden.device)
    targets = token_ids.to(hidden.device)[mask]
    banned = torch.zeros(0, dtype=torch.long) if banned is None else banned
    head = policy.get_output_embeddings()
    values = head_logprobs(head, hidden, targets, temperature, banned, entropy_gradient)
    logprobs, entropy = (torch.zeros(mask.shape, device=hidden.device).masked_scatter(mask, v) for v in values)
    return PolicyOutputs(logprobs, entropy)
