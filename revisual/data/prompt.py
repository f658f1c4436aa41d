"""A prompt as the policy reads it."""

from dataclasses import dataclass
from typing import Any

from jaxtyping import Int
from torch import Tensor


@dataclass(frozen=True)
class EncodedPrompt:
    """A prompt as the policy reads it, made once however many rollouts share it.

    Two prompts with equal text and different pictures are different prompts: `id` tells them apart.
    """

    id: str
    sample: Any
    """The `Sample` that it was made from."""
    token_ids: Int[Tensor, " P"]
    """Picture placeholders expanded, as the policy sees them."""
    engine_token_ids: Int[Tensor, " Q"]
    """One placeholder per picture, as engines that expand them themselves (vLLM) want them."""
    mm_token_type_ids: Int[Tensor, " P"]
    """1 where a token stands for a patch of a picture, else 0."""
    pictures: tuple[Any, ...] = ()
    """PIL pictures, already resized: 8-bit, so that a prompt costs 3 bytes a pixel until its patches are needed."""
    opened: str = ""
    """How the chat template itself has opened the answer's thoughts (`<think>`), and where it is told not to think also
    closed them (`<think></think>`); the policy goes on behind it."""
