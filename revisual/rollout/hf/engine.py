"""Rollouts by the transformers model that is being trained, with its own weights."""

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Shaped
from torch import Tensor, nn
from torch.nn.functional import pad
from typing_extensions import override

from revisual.core.ranges import Count, PositiveInt, check_ranges
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.models.inputs import padded_prompts
from revisual.models.logprobs import banned_token_ids, end_token_ids
from revisual.models.sharding import unsharded_weights
from revisual.rollout.engine import Completions, EngineMemory, RolloutEngine, Sampling
from revisual.rollout.hf.decoding import decode
from revisual.rollout.hf.sampler import seeded_uniforms


class HFRollout(RolloutEngine):
    """Answers with the policy itself, `max_rows` answers at a time.

    Not by transformers' `generate`: it would read a prompt and its pictures once per answer, draw from one generator
    for the whole batch, and keep [N, T, vocabulary] for the log-probs (319 GB for 64 rows of 8,192 tokens of
    Qwen2.5-VL).

    Args:
        max_rows: answers that are drawn at a time.
        max_prefill_tokens: of prompts, padding included, that are read at a time; a longer one is read alone. Reading
            needs about 0.3 MB a token for a policy of 7B.
    """

    def __init__(self, max_rows: Count = 256, max_prefill_tokens: PositiveInt = 16384) -> None:
        self.max_rows, self.max_prefill_tokens = max_rows, max_prefill_tokens
        check_ranges(self)

    @override
    def attach(self, policy: nn.Module, encoder: PromptEncoder) -> None:
        self.policy = policy
        self.encoder = encoder

    @override
    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Do nothing: the weights are the policy's own."""

    @override
    def memory(self) -> EngineMemory:
        return EngineMemory(uses_policy=True, max_rows=self.max_rows, max_prefill_tokens=self.max_prefill_tokens)

    def end_tokens(self) -> list[int]:
        """Return the tokens that end an answer."""
        return end_token_ids(self.policy, self.encoder.processor.tokenizer)

    @override
    def generate(
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        training = self.policy.training
        self.policy.eval()  # in training mode, gradient checkpointing would switch the cache off
        try:
            with unsharded_weights(self.policy):
                parts = {
                    rows: self._part([prompts[p] for p in owners], sampling, max_new_tokens, [seeds[r] for r in rows])
                    for owners, rows in _parts(len(prompts), sampling.n, self.max_rows)
                }
        finally:
            self.policy.train(training)
        return _join(parts)

    def _part(
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        device, tokenizer = self.policy.device, self.encoder.processor.tokenizer
        ends = self.end_tokens()
        lengths = [len(prompt.token_ids) for prompt in prompts]
        parts = (
            padded_prompts(self.policy, prompts, torch.tensor(part), self.encoder.vision_inputs, tokenizer.pad_token_id)
            for part in within_budget(lengths, self.max_prefill_tokens)
        )
        n, uniforms = len(seeds) // len(prompts), seeded_uniforms(seeds, max_new_tokens)
        token_ids, logprobs = decode(self.policy, parts, sampling, n, uniforms, ends, tokenizer.pad_token_id)
        ended = torch.isin(token_ids, torch.tensor(ends, device=device))
        mask = (ended.int().cumsum(1) - ended.int()) == 0
        return Completions(
            token_ids=token_ids,
            mask=mask,
            logprobs=logprobs.masked_fill(~mask, 0.0),
            truncated=~ended.any(1),
            banned=(torch.isin(token_ids, banned_token_ids(self.policy).to(device)) & mask).any(1),
        )


def within_budget(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Split rows in order such that each part, padded to its longest, has at most `most` tokens, or one row.

    Example: `within_budget([5, 3, 4, 9], 10)` is `[[0, 1], [2], [3]]`.
    """
    parts: list[list[int]] = []
    longest = 0
    for row, length in enumerate(lengths):
        longest = max(longest, length)
        if parts and (len(parts[-1]) + 1) * longest <= most:
            parts[-1].append(row)
        else:
            parts.append([row])
            longest = length
    return parts


def _parts(prompts: int, n: int, max_rows: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return which prompts are answered together, and their rows: whole groups where they fit into `max_rows`.

    Example: `_parts(3, 2, 4)` is `[((0, 1), (0, 1, 2, 3)), ((2,), (4, 5))]`.
    """
    together, answers = max(1, max_rows // n), min(n, max_rows)
    return [
        (tuple(owners), tuple(p * n + j for p in owners for j in range(first, min(first + answers, n))))
        for owners in (range(start, min(start + together, prompts)) for start in range(0, prompts, together))
        for first in range(0, n, answers)
    ]


def _join(parts: dict[tuple[int, ...], Completions]) -> Completions:
    width = max(part.token_ids.shape[1] for part in parts.values())
    order = torch.argsort(torch.tensor([row for rows in parts for row in rows]))

    def wide(tensors: Sequence[Tensor]) -> Shaped[Tensor, "N T"]:
        return torch.cat([pad(t, (0, width - t.shape[1])) for t in tensors])[order]

    return Completions(
        token_ids=wide([p.token_ids for p in parts.values()]),
        mask=wide([p.mask for p in parts.values()]),
        logprobs=wide([p.logprobs for p in parts.values()]),
        truncated=torch.cat([p.truncated for p in parts.values()])[order],
        banned=torch.cat([p.banned for p in parts.values()])[order],
    )
