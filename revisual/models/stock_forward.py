"""The stock model's own forward over one row: what every other forward of a policy is measured against.

It shares with the forwards that train nothing but the weights: transformers' processor makes the tokens and pictures of
a conversation, transformers' model numbers them, and transformers' attention computes them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt

PlainAttention = Literal["sdpa", "eager"]


def stock_prompt(encoder: PromptEncoder, prompt: EncodedPrompt) -> dict[str, Tensor]:
    """Return what the stock processor makes of a prompt's conversation and its resized pictures."""
    pictures = iter(prompt.pictures)
    turns = [_with_pictures(turn, pictures) for turn in encoder.messages(prompt.sample)]
    made = encoder.processor.apply_chat_template(
        turns,
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        **encoder.chat_template_kwargs,
    )
    return {name: value for name, value in made.items() if isinstance(value, Tensor)}


def _with_pictures(turn: Mapping[str, Any], pictures: Iterator[Any]) -> dict[str, Any]:
    content = turn["content"]
    if isinstance(content, str):
        return dict(turn)
    return {**turn, "content": [p | {"image": next(pictures)} if p["type"] == "image" else p for p in content]}


@torch.no_grad()
def stock_logprobs(
    policy: Any,
    prompt: Mapping[str, Tensor],
    tokens: Int[Tensor, " C"],
    copies: int = 1,
    banned: Int[Tensor, " B"] | None = None,
) -> Float[Tensor, " C"]:
    """Return the log-probs of a completion behind a prompt, by the model's own forward over this row alone.

    Args:
        policy: the model, in evaluation mode.
        prompt: of `stock_prompt`.
        tokens: of the completion.
        copies: of the row, side by side; of other arithmetic where it is more than one.
        banned: tokens that have no probability.
    """
    given = {name: value.to(policy.device) for name, value in prompt.items()}
    tokens, shape = tokens.to(policy.device), given["input_ids"].shape
    for name, value in given.items():
        if value.shape == shape and name != "input_ids":  # masks and types of tokens
            given[name] = pad(value, (0, len(tokens)), value=int(name == "attention_mask"))
    given["input_ids"] = torch.cat([given["input_ids"], tokens[None].to(given["input_ids"])], 1)
    given = {name: torch.cat([value] * copies) for name, value in given.items()}
    logits = policy(**given, use_cache=False).logits[0, shape[1] - 1 : -1].float()
    if banned is not None and len(banned):
        logits = logits.index_fill(-1, banned.to(logits.device), -1e30)
    return logits.log_softmax(-1).gather(-1, tokens[:, None])[:, 0].cpu()


@contextmanager
def plain_attention(policy: Any, name: PlainAttention) -> Iterator[None]:
    """Let all parts of a policy compute transformers' own attention within."""
    configs = {id(c): c for m in policy.modules() if (c := getattr(m, "config", None)) is not None}
    configs |= {id(c): c for whole in list(configs.values()) for c in _parts_of(whole)}
    # Not by the public name, whose setter goes on to the parts' configs.
    held = {key: getattr(c, "_attn_implementation_internal", None) for key, c in configs.items()}
    try:
        for config in configs.values():
            config._attn_implementation_internal = name
        yield
    finally:
        for key, config in configs.items():
            config._attn_implementation_internal = held[key]


def _parts_of(config: Any) -> Sequence[Any]:
    parts = (getattr(config, name, None) for name in getattr(config, "sub_configs", {}))
    return [part for part in parts if part is not None]
