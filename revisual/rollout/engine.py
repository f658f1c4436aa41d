"""The contract of a rollout engine."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt


@dataclass(frozen=True)
class Sampling:
    """How answers are drawn.

    Example: `Sampling(n=4, temperature=1.0)` for the mean of four answers, `Sampling(temperature=0.0)` for greedy ones.
    """

    n: int = 1
    """Answers per prompt."""
    temperature: float = 1.0
    """0 takes the most probable token."""
    top_p: float = 1.0
    top_k: int = 0
    """0 keeps all tokens."""

    def __post_init__(self) -> None:
        if self.n < 1 or self.temperature < 0 or not 0 < self.top_p <= 1 or self.top_k < 0:
            raise ValueError(f"sampling: n >= 1, temperature >= 0, 0 < top_p <= 1 and top_k >= 0, got {self}")


@dataclass(frozen=True)
class Completions:
    """Answers to P prompts, n each: row p * n + j is the j-th answer to prompt p."""

    token_ids: Int[Tensor, "N T"]
    mask: Bool[Tensor, "N T"]
    """Sampled tokens up to and including the first end token."""
    logprobs: Float[Tensor, "N T"]
    """Of each sampled token under the distribution that it was drawn from."""
    truncated: Bool[Tensor, " N"]
    banned: Bool[Tensor, " N"]
    """The row holds a token that no response may hold: it is left out of training."""


class RolloutEngine(ABC):
    """Answers prompts with the policy's present weights."""

    needs_weights: bool = False
    """Whether `load_weights` must come before the next `generate`, even if the policy has not changed."""

    is_apart: bool = False
    """Whether it draws while the policy is trained: with weights of its own, outside this process."""

    @abstractmethod
    def attach(self, policy: nn.Module, encoder: PromptEncoder) -> None:
        """Called once, when the policy has its weights."""

    @abstractmethod
    def generate(
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        """Answers with at most `max_new_tokens` tokens; `seeds` has one number per row (P * n)."""

    @abstractmethod
    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Takes over the policy's weights after an optimizer step; engines that share them do nothing."""
