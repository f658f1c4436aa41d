"""What a GRPO step works on: prompts, and the rollouts that were sampled from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor
from torch.nn.functional import pad

from revisual.data.prompt import EncodedPrompt


@dataclass(frozen=True)
class RolloutBatch:
    """N rollouts of P prompts. Every per-token tensor is [N, T], and position t is about completion token t."""

    prompts: Sequence[EncodedPrompt]
    """Kept once per prompt, however many rollouts share it."""
    prompt_index: Int[Tensor, " N"]
    token_ids: Int[Tensor, "N T"]
    """Completion tokens, padded on the right."""
    completion_mask: Bool[Tensor, "N T"]
    """Sampled tokens up to and including the first end token: the only mask that a loss reads."""
    responses: Sequence[str]
    truncated: Bool[Tensor, " N"]
    """Cut at the length limit, before an end token."""
    rollout_logprobs: Float[Tensor, "N T"]
    """From the engine that sampled, under its temperature and its banned tokens."""
    policy_version: Int[Tensor, " N"]
    valid: Bool[Tensor, " N"]
    """False: the reward could not be computed (time-out, error), which is never the same as a reward of 0."""
    accuracy: Float[Tensor, " N"]
    """Filled by the grader, whatever the rewards are."""
    rewards: Float[Tensor, " N"]
    """Weighted sum of `reward_terms`."""
    weights: Float[Tensor, " N"]
    """1, or how often a filter drew the row."""
    reward_terms: Mapping[str, Float[Tensor, " N"]] = field(default_factory=dict)
    """Before weighting."""
    term_weights: Mapping[str, float] = field(default_factory=dict)
    """What each of `reward_terms` weighs in `rewards`."""
    rules: Sequence[str] = ()
    """The grader's rule for each row (`Grade.rule`); empty where nobody graded."""
    advantages: Float[Tensor, " N"] | None = None
    old_logprobs: Float[Tensor, "N T"] | None = None
    reference_logprobs: Float[Tensor, "N T"] | None = None

    def __len__(self) -> int:
        return len(self.prompt_index)

    def select(self, indices: Int[Tensor, " M"], weights: Float[Tensor, " M"] | None = None) -> "RolloutBatch":
        """Return the rows `indices` in that order, without the prompts that none of them has.

        Args:
            indices: row numbers.
            weights: take the place of the rows' own; none keeps those.
        """
        rows = indices.cpu()
        kept, prompt_index = torch.unique(self.prompt_index.cpu()[rows], return_inverse=True)
        changed: dict[str, Any] = {
            name: value[indices.to(value.device)]
            for name, value in vars(self).items()
            if isinstance(value, Tensor) and name != "prompt_index"
        }
        changed["reward_terms"] = {k: v[indices.to(v.device)] for k, v in self.reward_terms.items()}
        changed["prompts"] = [self.prompts[i] for i in kept.tolist()]
        changed["prompt_index"] = prompt_index.to(self.prompt_index.device)
        changed["responses"] = [self.responses[i] for i in rows.tolist()]
        if self.rules:
            changed["rules"] = [self.rules[i] for i in rows.tolist()]
        if weights is not None:
            changed["weights"] = weights.to(self.weights)
        return replace(self, **changed)

    def rows(self, numbers: Sequence[int]) -> "RolloutBatch":
        """Return the rows of these numbers, in that order."""
        return self.select(torch.tensor(numbers, dtype=torch.long))

    @staticmethod
    def join(parts: Sequence["RolloutBatch"]) -> "RolloutBatch":
        """Return the rows of all parts, in order; completions are padded to the longest."""
        first, width = parts[0], max(part.token_ids.shape[1] for part in parts)
        starts = torch.tensor([0, *(len(part.prompts) for part in parts)]).cumsum(0).tolist()
        changed: dict[str, Any] = {
            name: torch.cat([pad_to_width(getattr(part, name), width).to(value.device) for part in parts])
            for name, value in vars(first).items()
            if isinstance(value, Tensor)
        }
        shifted = [part.prompt_index.cpu() + start for part, start in zip(parts, starts, strict=False)]
        changed["prompt_index"] = torch.cat(shifted).to(first.prompt_index.device)
        changed["prompts"] = [prompt for part in parts for prompt in part.prompts]
        changed["responses"] = [response for part in parts for response in part.responses]
        changed["rules"] = [rule for part in parts for rule in part.rules]
        changed["reward_terms"] = {
            name: torch.cat([part.reward_terms[name].to(value.device) for part in parts])
            for name, value in first.reward_terms.items()
        }
        return replace(first, **changed)

    def to(self, device: torch.device | str) -> "RolloutBatch":
        """Move all tensors to `device`; prompts stay where they are."""
        moved: dict[str, Any] = {k: v.to(device) for k, v in vars(self).items() if isinstance(v, Tensor)}
        moved["reward_terms"] = {k: v.to(device) for k, v in self.reward_terms.items()}
        return replace(self, **moved)


def pad_to_width(values: Shaped[Tensor, "N *T"], width: int) -> Shaped[Tensor, "N *W"]:
    """Return per-token values padded on the right to `width`; others as they are."""
    return pad(values, (0, width - values.shape[1])) if values.ndim == 2 else values


@dataclass(frozen=True)
class PolicyOutputs:
    """What a policy says of a batch's completion tokens, under the sampling temperature and banned tokens."""

    logprobs: Float[Tensor, "N T"]
    entropy: Float[Tensor, "N T"] | None = None
    """Of the whole next-token distribution, in nats."""
