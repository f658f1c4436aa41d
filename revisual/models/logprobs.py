"""Log-probs of completion tokens: the only place that sets predictions against tokens."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from types import MethodType
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from revisual.models.families import find_family
from revisual.models.head import head_logprobs, softcap_of
from revisual.models.inputs import ForwardInputs
from revisual.rl.batch import PolicyOutputs


def banned_token_ids(policy: nn.Module) -> Int[Tensor, " B"]:
    """Return tokens that no response may hold: picture, video or vision-start without a picture crash a forward."""
    config: Any = policy.config
    return find_family(config).banned_token_ids(config)


def end_token_ids(policy: Any, tokenizer: Any) -> list[int]:
    """Return the tokens that end an answer: those of the model folder, and the tokenizer's."""
    configured = policy.generation_config.eos_token_id
    ends = [*(configured if isinstance(configured, list) else [configured]), tokenizer.eos_token_id]
    return sorted({end for end in ends if end is not None})


@dataclass(frozen=True)
class Scoring:
    """What a forward is asked for instead of logits: log-probs of M tokens, and entropies."""

    predictors: Int[Tensor, " M"]
    targets: Int[Tensor, " M"]
    temperature: float
    banned: Int[Tensor, " B"]
    entropy_gradient: bool
    unused: Mapping[str, Tensor] | None
    """A picture that the row does not hold, to be computed and left out."""


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
    """Return log-probs and entropies [N, T] of the completions that `inputs` hold; 0 off the mask.

    Without `entropy_gradient` the entropy is a number only.
    """
    device = inputs.predictors.device
    mask = completion_mask.to(device)
    targets = token_ids.to(device)[mask]
    banned = torch.zeros(0, dtype=torch.long) if banned is None else banned
    scoring = Scoring(inputs.predictors, targets, temperature, banned, entropy_gradient, inputs.unused)
    values = scorer(policy)(**inputs.arguments, use_cache=False, scoring=scoring)
    logprobs, entropy = (
        torch.zeros(mask.shape, dtype=torch.float32, device=device).masked_scatter(mask, v) for v in values
    )
    return PolicyOutputs(logprobs, entropy)


def scorer(policy: Any) -> Any:
    """Return the policy, whose own call takes a `Scoring` from now on.

    Sharding strategies bring weights together around a module's call and nowhere else: what reads the head's weight
    has to be inside the policy's.
    """
    if "forward" not in vars(policy):
        policy.forward = MethodType(_with_scoring(type(policy).forward), policy)
    return policy


def _with_scoring(plain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(plain)
    def forward(policy: Any, *args: Any, scoring: Scoring | None = None, **kwargs: Any) -> Any:
        return plain(policy, *args, **kwargs) if scoring is None else _score(policy, scoring, kwargs)

    return forward


def _score(
    policy: Any, scoring: Scoring, arguments: Mapping[str, Any]
) -> tuple[Float[Tensor, " M"], Float[Tensor, " M"]]:
    with computing_unused_picture(policy, scoring.unused):
        hidden = policy.base_model(**arguments)[0].flatten(0, 1)[scoring.predictors]
    return head_logprobs(
        policy.get_output_embeddings(),
        hidden,
        scoring.targets,
        scoring.temperature,
        scoring.banned,
        scoring.entropy_gradient,
        softcap_of(policy),
    )


@contextmanager
def computing_unused_picture(policy: Any, picture: Mapping[str, Tensor] | None) -> Iterator[None]:
    """Let forwards within compute a picture and add its features, times 0, to the embeddings of their tokens.

    It happens where a row's own pictures are computed: sharding strategies need every process to come by the same
    weights in the same order, forward and backward.
    """
    if picture is None:
        yield
        return

    family = find_family(policy.config)

    def add_picture(decoder: nn.Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        for feature in family.unused_features(policy, picture):
            kwargs["inputs_embeds"] = kwargs["inputs_embeds"] + 0.0 * feature.sum().to(kwargs["inputs_embeds"].dtype)
        return args, kwargs

    hook = policy.base_model.get_decoder().register_forward_pre_hook(add_picture, prepend=True, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()
