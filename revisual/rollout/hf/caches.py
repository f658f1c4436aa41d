"""Keys and values of prompts, and of several answers to each."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad
from transformers import DynamicCache
from typing_extensions import override

from revisual.models.attention import NO_MASK, AttentionInputs, KernelChoice, Layout
from revisual.models.head import float32_product, without_autocast

BLOCK = 128
"""Answer tokens that room is made for at a time."""


class AnswerCache(ABC):
    """What a forward over the next token of N = P * n answers needs; made from a cache of P prompts."""

    @abstractmethod
    def arguments(self) -> dict[str, Any]:
        """Return those arguments of the forward that say what the new tokens see."""

    @abstractmethod
    def advance(self) -> None:
        """Go on to the next token; called after each forward."""

    @abstractmethod
    def keep(self, prompts: Int[Tensor, " Q"], rows: Int[Tensor, " R"]) -> None:
        """Let go of all prompts but `prompts`, and of all answers but `rows`, which are theirs."""


def join_layers(
    parts: Sequence[DynamicCache], masks: Sequence[Bool[Tensor, "_ _"]], dtype: torch.dtype
) -> tuple[list[tuple[Tensor, Tensor]], Bool[Tensor, "Q W"]]:
    """Put prompts that were read in several parts side by side, padded on the left to the longest.

    A layer at a time, whose parts are then let go: no more than one layer is held twice.

    Returns:
        Keys and values of each layer in `dtype`, and which of them are no padding.
    """
    width = max(mask.shape[1] for mask in masks)
    layers = []
    for number in range(len(parts[0].layers)):
        joined = []
        for name in ("keys", "values"):
            joined.append(join_padded([getattr(part.layers[number], name) for part in parts], width, dtype))
            for part in parts:
                setattr(part.layers[number], name, None)
        layers.append((joined[0], joined[1]))
    return layers, torch.cat([pad(mask, (width - mask.shape[1], 0)) for mask in masks])


def join_padded(found: Sequence[Float[Tensor, "_ K _ D"]], width: int, dtype: torch.dtype) -> Float[Tensor, "P K W D"]:
    """Put keys or values of several prompts side by side, padded on the left to `width` tokens."""
    _, heads, _, size = found[0].shape
    whole = found[0].new_zeros(sum(map(len, found)), heads, width, size, dtype=dtype)
    for own, place in zip(found, whole.split([len(x) for x in found]), strict=True):
        place[:, :, width - own.shape[2] :] = own
    return whole


class SharedPromptCache(Layout, AnswerCache):
    """The answers to a prompt read one copy of its keys and values; each has its own besides."""

    def __init__(self, prompts: Sequence[tuple[Tensor, Tensor]], mask: Bool[Tensor, "P S"]) -> None:
        self.prompts = list(prompts)
        self.hidden = ~mask[:, None, None]
        self.answers: list[tuple[Tensor, Tensor]] = []
        self.length = 0

    @override
    def arguments(self) -> dict[str, Any]:
        return {"past_key_values": self, "layout": self, "attention_mask": NO_MASK}

    @override
    def advance(self) -> None:
        self.length += 1

    @override
    def keep(self, prompts: Int[Tensor, " Q"], rows: Int[Tensor, " R"]) -> None:
        for layers, chosen in ((self.prompts, prompts), (self.answers, rows)):
            for number, (keys, values) in enumerate(layers):
                layers[number] = keys[chosen], values[chosen]  # the old layer goes before the next one is copied
                del keys, values
        self.hidden = self.hidden[prompts]

    def update(
        self, key: Float[Tensor, "N K 1 D"], value: Float[Tensor, "N K 1 D"], layer: int, *_: Any, **__: Any
    ) -> tuple[Float[Tensor, "N K T D"], Float[Tensor, "N K T D"]]:
        """Add the new token's keys and values, and return the answers' own. Called by the model's attention.

        They are kept in the prompts' type: under autocast, rotary embeddings leave keys in float32.
        """
        dtype = self.prompts[layer][1].dtype
        key, value = key.to(dtype), value.to(dtype)
        if len(self.answers) == layer:
            self.answers.append((key[:, :, :0], value[:, :, :0]))
        if self.answers[layer][0].shape[2] == self.length:
            keys, values = self.answers[layer]
            self.answers[layer] = pad(keys, (0, 0, 0, BLOCK)), pad(values, (0, 0, 0, BLOCK))
        keys, values = self.answers[layer]
        keys[:, :, self.length], values[:, :, self.length] = key[:, :, 0], value[:, :, 0]
        return keys[:, :, : self.length + 1], values[:, :, : self.length + 1]

    @override
    def attend(
        self, layer: int, inputs: AttentionInputs, choose: KernelChoice | None = None
    ) -> Float[Tensor, "N H 1 D"]:
        """Compute one softmax over the prompt's tokens, read once for all its answers, and the answer's own."""
        keys, values = self.prompts[layer]
        query, key, value = inputs.query.to(inputs.value.dtype), inputs.key, inputs.value
        scale = query.shape[-1] ** -0.5 if inputs.scaling is None else inputs.scaling
        return answer_attention(query, keys, values, key, value, self.hidden, scale)


@without_autocast
def answer_attention(
    query: Float[Tensor, "N H 1 D"],
    prompt_keys: Float[Tensor, "P K S D"],
    prompt_values: Float[Tensor, "P K S D"],
    key: Float[Tensor, "N K T D"],
    value: Float[Tensor, "N K T D"],
    hidden: Bool[Tensor, "P 1 1 S"],
    scale: float,
) -> Float[Tensor, "N H 1 D"]:
    """Attend to a prompt and an answer's own tokens; scores and sums are float32, as in the trainer's kernels."""
    (p, k, s, d), (rows, heads) = prompt_keys.shape, query.shape[:2]
    n, r = rows // p, heads // k  # answers per prompt, query heads per key head
    queries = query.view(p, n, k, r, d).transpose(1, 2)
    on_prompt = float32_product(queries.reshape(p, k, n * r, d), prompt_keys.mT)
    on_prompt = on_prompt.masked_fill_(hidden, -torch.inf).view(p, k, n, r, s)
    on_own = float32_product(query.view(rows, k, r, d), key.mT).view(p, n, k, r, -1).transpose(1, 2)
    weights = torch.cat([on_prompt, on_own], -1).mul_(scale).softmax(-1).to(value.dtype)
    from_prompt = float32_product(weights[..., :s].reshape(p, k, n * r, s), prompt_values).view(p, k, n, r, d)
    from_own = float32_product(weights[..., s:].transpose(1, 2).reshape(rows, k, r, -1), value)
    attended = from_prompt.transpose(1, 2).reshape(rows, heads, 1, d) + from_own.view(rows, heads, 1, d)
    return attended.to(value.dtype)


class CopiedPromptCache(AnswerCache):
    """Each answer has a copy of its prompt's keys and values: for models whose attention takes no layout."""

    def __init__(self, prompts: Sequence[tuple[Tensor, Tensor]], mask: Bool[Tensor, "P S"], n: int) -> None:
        self.cache = DynamicCache()
        for layer, (keys, values) in enumerate(prompts):
            self.cache.update(keys.repeat_interleave(n, 0), values.repeat_interleave(n, 0), layer)
        self.mask = mask.repeat_interleave(n, 0).long()
        self.advance()

    @override
    def arguments(self) -> dict[str, Any]:
        return {"past_key_values": self.cache, "attention_mask": self.mask}

    @override
    def advance(self) -> None:
        self.mask = pad(self.mask, (0, 1), value=1)

    @override
    def keep(self, prompts: Int[Tensor, " Q"], rows: Int[Tensor, " R"]) -> None:
        self.cache.batch_select_indices(rows)
        self.mask = self.mask[rows]
