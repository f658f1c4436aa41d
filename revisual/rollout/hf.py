"""Rollouts by transformers' `generate`, with the trainer's own weights."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, nn
from torch.nn.functional import pad
from transformers import GenerationConfig, LogitsProcessorList

from revisual.data.encoding import PromptEncoder
from revisual.models.inputs import padded_inputs
from revisual.models.logprobs import banned_token_ids
from revisual.rl.batch import EncodedPrompt
from revisual.rollout.engine import Completions, RolloutEngine, Sampling
from revisual.rollout.sampler import SeededSampler, seeded_uniforms


class HFRollout(RolloutEngine):
    """Answers with the policy itself, `max_rows` rows at a time."""

    def __init__(self, max_rows: int = 256) -> None:
        self.max_rows = max_rows

    def attach(self, policy: nn.Module, encoder: PromptEncoder) -> None:  # noqa: D102
        self.policy: Any = policy
        self.encoder = encoder

    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Nothing to do: the weights are the policy's own."""

    @torch.no_grad()
    def generate(  # noqa: D102
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        training, configured = self.policy.training, self.policy.generation_config
        ends = _end_tokens(configured, self.encoder.processor.tokenizer)
        self.policy.eval()  # in training mode, gradient checkpointing would switch the cache off
        try:
            parts = [
                self._part(prompts, rows, sampling, max_new_tokens, seeds[rows[0] : rows[-1] + 1], ends)
                for rows in torch.arange(len(prompts) * sampling.n).split(self.max_rows)
            ]
        finally:
            self.policy.train(training)
            self.policy.generation_config = configured
        return _joined(parts, max_new_tokens)

    def _part(
        self,
        prompts: Sequence[EncodedPrompt],
        rows: Int[Tensor, " M"],
        sampling: Sampling,
        max_new_tokens: int,
        seeds: Sequence[int],
        ends: list[int],
    ) -> Completions:
        device = self.policy.device
        tokenizer = self.encoder.processor.tokenizer
        inputs = padded_inputs(prompts, rows // sampling.n, self.encoder.vision_inputs, tokenizer.pad_token_id, device)
        banned = banned_token_ids(self.policy)
        sampler = SeededSampler(sampling, banned, seeded_uniforms(seeds, max_new_tokens))
        # The folder's settings would fill in whatever the call leaves open, such as a repetition penalty (Qwen2.5-VL
        # has one of 1.05), which makes every log-prob wrong: for the time of the call, the policy has none.
        self.policy.generation_config = GenerationConfig(eos_token_id=ends, pad_token_id=tokenizer.pad_token_id)
        sequences = self.policy.generate(
            **inputs,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            logits_processor=LogitsProcessorList([sampler]),
        )
        token_ids = sequences[:, inputs["input_ids"].shape[1] :]
        ended = torch.isin(token_ids, torch.tensor(ends, device=device))
        mask = (ended.int().cumsum(1) - ended.int()) == 0
        return Completions(
            token_ids=token_ids,
            mask=mask,
            logprobs=torch.stack(sampler.logprobs, 1).masked_fill(~mask, 0.0),
            truncated=~ended.any(1),
            banned=(torch.isin(token_ids, banned.to(device)) & mask).any(1),
        )


def _end_tokens(configured: GenerationConfig, tokenizer: Any) -> list[int]:
    ends = configured.eos_token_id if isinstance(configured.eos_token_id, list) else [configured.eos_token_id]
    return sorted({end for end in [*ends, tokenizer.eos_token_id] if end is not None})


def _joined(parts: Sequence[Completions], max_new_tokens: int) -> Completions:
    width = max(part.token_ids.shape[1] for part in parts)

    def wide(tensors: Sequence[Tensor]) -> Tensor:
        return torch.cat([pad(t, (0, width - t.shape[1])) for t in tensors])

    return Completions(
        token_ids=wide([p.token_ids for p in parts]),
        mask=wide([p.mask for p in parts]),
        logprobs=wide([p.logprobs for p in parts]),
        truncated=torch.cat([p.truncated for p in parts]),
        banned=torch.cat([p.banned for p in parts]),
    )
