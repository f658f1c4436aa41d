"""The contract of a rollout engine."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from revisual.core.errors import UserError
from revisual.core.ranges import Count, NonNegativeInt, PositiveFraction, Temperature, check_ranges
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt


@dataclass(frozen=True)
class Sampling:
    """How answers are drawn.

    Example: `Sampling(n=4, temperature=1.0)` for the mean of four answers, `Sampling(temperature=0.0)` for greedy ones.
    """

    n: Count = 1
    """Answers per prompt."""
    temperature: Temperature = 1.0
    """0 takes the most probable token."""
    top_p: PositiveFraction = 1.0
    """Of the most probable tokens, those that hold so much of the distribution are drawn from; 1 keeps all."""
    top_k: NonNegativeInt = 0
    """How many of the most probable tokens are drawn from; 0: all."""

    def __post_init__(self) -> None:
        check_ranges(self)


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


@dataclass(frozen=True)
class EngineMemory:
    """What an engine takes of a device while it answers, for `revisual plan`."""

    uses_policy: bool = False
    """It answers with the policy itself, whose weights it needs whole on each process, and whose caches it fills."""
    max_rows: int = 1
    """Answers at a time, where it uses the policy."""
    max_prefill_tokens: int | None = None
    """Tokens of prompts that are read at a time; null: all."""
    share: float = 0.0
    """Of the device's memory, which it takes for itself."""


class RolloutEngine(ABC):
    """Answers prompts with the policy's present weights."""

    policy: Any = None
    """The policy that it stands for: set by `attach`, or else by who calls it."""

    needs_weights: bool = False
    """Whether `load_weights` must come before the next `generate`, even if the policy has not changed."""

    runs_concurrently: bool = False
    """Whether it draws while the policy is trained: with weights of its own, outside this process."""

    @abstractmethod
    def attach(self, policy: nn.Module, encoder: PromptEncoder) -> None:
        """Take note of the policy; called once, when it has its weights."""

    @abstractmethod
    def generate(
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        """Return answers with at most `max_new_tokens` tokens; `seeds` has one number per row (P * n)."""

    @abstractmethod
    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Take over the policy's weights after an optimizer step; engines that share them do nothing."""

    def weight_dtype(self) -> torch.dtype | None:
        """Return what `load_weights` wants floating-point weights in; null: as they are. Every rank calls it."""
        return None

    def require_length(self, most_tokens: int) -> None:  # noqa: B027  # most need nothing
        """Make room for prompts and answers of so many tokens together; called before the first weights.

        Raises:
            UserError: the engine is set to less.
        """

    @contextmanager
    def stay_awake(self) -> Iterator[None]:
        """Expect several `generate` on the same weights within: memory is given back only at the end."""
        yield

    def memory(self) -> EngineMemory:
        """Return what it takes of a device while it answers."""
        return EngineMemory()


def check_completions(
    engine: RolloutEngine,
    completions: Completions,
    prompts: Sequence[EncodedPrompt],
    sampling: Sampling,
    max_new_tokens: int,
    vocabulary: int | None,
) -> Completions:
    """Check what an engine drew against its contract, and return it.

    Raises:
        UserError: it breaks the contract; says in one line how.
    """
    rows, (found, width) = len(prompts) * sampling.n, completions.token_ids.shape
    if (shapes := _differing_shapes(completions)) is not None:
        raise UserError(f"engine {type(engine).__name__} gave {shapes}")
    drawn, logprobs = completions.token_ids[completions.mask], completions.logprobs[completions.mask]
    unknown = drawn[:0] if vocabulary is None else drawn[(drawn < 0) | (drawn >= vocabulary)]
    if found != rows:
        fault = f"{found} answers to {len(prompts)} prompts, where {sampling.n} to each were asked for"
    elif width > max_new_tokens:
        fault = f"answers of {width} tokens, where {max_new_tokens} are the most"
    elif len(unknown):
        fault = f"token {int(unknown[0])}, and the policy's vocabulary has {vocabulary}"
    elif not bool(torch.isfinite(logprobs).all()):
        row = int(torch.nonzero(~torch.isfinite(completions.logprobs) & completions.mask)[0, 0])
        fault = f"a log-prob that is no finite number, in answer {row % sampling.n} to {prompts[row // sampling.n].id}"
    elif bool((logprobs > 1e-3).any()):
        fault = f"a log-prob of {float(logprobs.max()):.3g}, above 0"
    else:
        return completions
    raise UserError(f"engine {type(engine).__name__} gave {fault}")


def _differing_shapes(completions: Completions) -> str | None:
    """Say which tensor of an engine's answers has another shape than its token ids, or another number of rows."""
    shape = tuple(completions.token_ids.shape)
    for name, wanted in {"mask": shape, "logprobs": shape, "truncated": shape[:1], "banned": shape[:1]}.items():
        found = tuple(getattr(completions, name).shape)
        if found != wanted:
            return f"{name} of shape {found}, where its token ids have {shape}"
    return None


def draw_completions(
    engine: RolloutEngine,
    prompts: Sequence[EncodedPrompt],
    sampling: Sampling,
    max_new_tokens: int,
    seeds: Sequence[int],
) -> Completions:
    """Have an engine answer, and check what it gives.

    Raises:
        UserError: see `check_completions`.
    """
    drawn = engine.generate(prompts, sampling, max_new_tokens, seeds)
    vocabulary = None if engine.policy is None else int(engine.policy.get_input_embeddings().num_embeddings)
    return check_completions(engine, drawn, prompts, sampling, max_new_tokens, vocabulary)
