"""Keys and values of prompts, and of several answers to each."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad
from transformers import DynamicCache

from revisual.models.attention import NO_MASK, KernelChoice, Layout

BLOCK = 128
"""Answer tokens that room is made for at a time."""


class AnswerCache(ABC):
    """What a forward over the next token of N = P * n answers needs; made from a cache of P prompts."""

    @abstractmethod
    def arguments(self) -> dict[str, Any]:
        """Those arguments of the forward that say what the new tokens see."""

    @abstractmethod
    def advance(self) -> None:
        """Called after each forward."""

    @abstractmethod
    def keep(self, prompts: Int[Tensor, " Q"], n: int) -> None:
        """Lets go of all prompts but `prompts`, with their n answers each."""


class SharedPromptCache(Layout, AnswerCache):
    """The answers to a prompt read one copy of its keys and values; each has its own besides."""

    def __init__(self, prompts: DynamicCache, mask: Bool[Tensor, "P S"]) -> None:
        layers: list[Any] = prompts.layers
        self.prompts: list[tuple[Tensor, Tensor]] = [(layer.keys, layer.values) for layer in layers]
        self.hidden = ~mask[:, None, None]
        self.answers: list[tuple[Tensor, Tensor]] = []
        self.length = 0

    def arguments(self) -> dict[str, Any]:  # noqa: D102
        return {"past_key_values": self, "layout": self, "attention_mask": NO_MASK}

    def advance(self) -> None:  # noqa: D102
        self.length += 1

    def keep(self, prompts: Int[Tensor, " Q"], n: int) -> None:  # noqa: D102
        rows = (prompts[:, None] * n + torch.arange(n, device=prompts.device)).flatten()
        self.prompts = [(keys[prompts], values[prompts]) for keys, values in self.prompts]
        self.answers = [(keys[rows], values[rows]) for keys, values in self.answers]
        self.hidden = self.hidden[prompts]

    def update(
        self, key: Float[Tensor, "N K 1 D"], value: Float[Tensor, "N K 1 D"], layer: int, *_: Any, **__: Any
    ) -> tuple[Float[Tensor, "N K T D"], Float[Tensor, "N K T D"]]:
        """Adds the new token's keys and values; returns the answers' own. Called by the model's attention."""
        if len(self.answers) == layer:
            self.answers.append((key[:, :, :0], value[:, :, :0]))
        if self.answers[layer][0].shape[2] == self.length:
            self.answers[layer] = tuple(pad(x, (0, 0, 0, BLOCK)) for x in self.answers[layer])  # type: ignore[assignment]
        keys, values = self.answers[layer]
        keys[:, :, self.length], values[:, :, self.length] = key[:, :, 0], value[:, :, 0]
        return keys[:, :, : self.length + 1], values[:, :, : self.length + 1]

    def attend(
        self,
        layer: int,
        query: Float[Tensor, "N H 1 D"],
        key: Float[Tensor, "N K T D"],
        value: Float[Tensor, "N K T D"],
        scaling: float | None,
        dropout: float,
        choose: KernelChoice | None = None,
    ) -> Float[Tensor, "N H 1 D"]:
        """One softmax over the prompt's tokens, read once for all its answers, and the answer's own."""
        prompt_keys, prompt_values = self.prompts[layer]
        (p, k, s, d), (rows, heads) = prompt_keys.shape, query.shape[:2]
        n, r = rows // p, heads // k  # answers per prompt, query heads per key head
        query = query * (d**-0.5 if scaling is None else scaling)
        queries = query.view(p, n, k, r, d).transpose(1, 2)
        on_prompt = queries.reshape(p, k, n * r, d) @ prompt_keys.mT
        on_prompt = on_prompt.masked_fill(self.hidden, -torch.inf).view(p, k, n, r, s)
        on_own = (query.view(rows, k, r, d) @ key.mT).view(p, n, k, r, -1).transpose(1, 2)
        weights = torch.cat([on_prompt, on_own], -1).float().softmax(-1).to(value.dtype)
        from_prompt = (weights[..., :s].reshape(p, k, n * r, s) @ prompt_values).view(p, k, n, r, d)
        from_own = weights[..., s:].transpose(1, 2).reshape(rows, k, r, -1) @ value
        return from_prompt.transpose(1, 2).reshape(rows, heads, 1, d) + from_own.view(rows, heads, 1, d)


class CopiedPromptCache(AnswerCache):
    """Each answer has a copy of its prompt's keys and values: for models whose attention takes no layout."""

    def __init__(self, prompts: DynamicCache, mask: Bool[Tensor, "P S"], n: int) -> None:
        prompts.batch_repeat_interleave(n)
        self.cache = prompts
        self.mask = mask.repeat_interleave(n, 0).long()
        self.advance()

    def arguments(self) -> dict[str, Any]:  # noqa: D102
        return {"past_key_values": self.cache, "attention_mask": self.mask}

    def advance(self) -> None:  # noqa: D102
        self.mask = pad(self.mask, (0, 1), value=1)

    def keep(self, prompts: Int[Tensor, " Q"], n: int) -> None:  # noqa: D102
        rows = (prompts[:, None] * n + torch.arange(n, device=prompts.device)).flatten()
        self.cache.batch_select_indices(rows)
        self.mask = self.mask[rows]
