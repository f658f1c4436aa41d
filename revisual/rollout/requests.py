"""What an engine of its own is asked, and what becomes of its answers; the same in process and over the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.models.logprobs import banned_token_ids, end_token_ids
from revisual.rollout.engine import Completions, Sampling

FORBIDDEN = -1e30
"""Added to the logits of tokens that no response may hold."""


@dataclass(frozen=True)
class Answer:
    """One answer as vLLM gives it.

    Example: `Answer((5, 9, 2), (-0.1, -2.0, -0.3), "stop", (7, 8, 4))`
    """

    token_ids: Sequence[int]
    """With the end token, where there is one."""
    logprobs: Sequence[float]
    finish_reason: str
    """"stop" at an end token, "length" at the limit."""
    prompt_token_ids: Sequence[int]
    """The prompt as vLLM read it, placeholders of pictures expanded."""


@dataclass(frozen=True)
class RequestBuilder:
    """What all requests for one policy share: its end tokens, and the tokens that no answer may hold."""

    ends: Sequence[int]
    banned: Sequence[int]
    pad_id: int
    most_tokens: int | None = None
    """Of prompt and answer together; null: not known here."""
    most_pictures: int | None = None
    """Of one prompt."""

    def settings(self, sampling: Sampling, max_new_tokens: int, seed: int) -> dict[str, Any]:
        """Return the fields of vLLM's `SamplingParams` for one answer.

        vLLM must have been started with `logprobs_mode` "processed_logprobs": then the log-probs that it gives are
        those of the distribution that it draws from, after temperature, forbidden tokens and nucleus.
        """
        return {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "seed": seed,
            "max_tokens": max_new_tokens,
            "logprobs": 0,
            "stop_token_ids": list(self.ends),
            "ignore_eos": True,  # which it takes from files of its own; the line above is the policy's
            "logit_bias": {token: FORBIDDEN for token in self.banned},
            "detokenize": False,
        }

    def require_room(self, prompts: Sequence[EncodedPrompt], max_new_tokens: int) -> None:
        """Check that the engine can take the prompts.

        Raises:
            UserError: a prompt and its answer are too long for it, or a prompt has too many pictures.
        """
        for prompt in prompts:
            length = len(prompt.token_ids) + max_new_tokens
            if self.most_tokens is not None and length > self.most_tokens:
                raise UserError(
                    f"engine.max_model_len: {self.most_tokens} tokens do not hold prompt {prompt.id} with "
                    f"{len(prompt.token_ids)} and an answer of {max_new_tokens}"
                )
            if self.most_pictures is not None and len(prompt.pictures) > self.most_pictures:
                raise UserError(
                    f"engine.max_pictures: {self.most_pictures}, and prompt {prompt.id} has {len(prompt.pictures)}"
                )

    def completions(self, answers: Sequence[Answer], device: torch.device | str) -> Completions:
        """Return the answers as padded tensors on `device`, in their order."""
        lengths = torch.tensor([len(answer.token_ids) for answer in answers])
        tokens = [torch.tensor(answer.token_ids, dtype=torch.long) for answer in answers]
        token_ids = pad_sequence(tokens, batch_first=True, padding_value=self.pad_id)
        logprobs = pad_sequence(
            [torch.tensor(answer.logprobs, dtype=torch.float32) for answer in answers], batch_first=True
        )
        mask = torch.arange(token_ids.shape[1]) < lengths[:, None]
        banned = torch.isin(token_ids, torch.tensor(self.banned, dtype=torch.long)) & mask
        return Completions(
            token_ids=token_ids.to(device),
            mask=mask.to(device),
            logprobs=logprobs.to(device),
            truncated=torch.tensor([answer.finish_reason == "length" for answer in answers]).to(device),
            banned=banned.any(1).to(device),
        )


def request_builder(
    policy: nn.Module, encoder: PromptEncoder, most_tokens: int | None = None, most_pictures: int | None = None
) -> RequestBuilder:
    """Return what to ask of an engine that stands for `policy`."""
    tokenizer, banned = encoder.processor.tokenizer, banned_token_ids(policy).tolist()
    ends = end_token_ids(policy, tokenizer)
    return RequestBuilder(ends, banned, tokenizer.pad_token_id, most_tokens, most_pictures)


def require_same_prompts(prompts: Sequence[EncodedPrompt], answers: Sequence[Answer]) -> None:
    """Check that vLLM read the prompts as the trainer does, which tells whether it resized a picture.

    Raises:
        UserError: it read another number of tokens for a prompt, or others.
    """
    n = len(answers) // len(prompts)
    for row, answer in enumerate(answers):
        prompt = prompts[row // n]
        if list(answer.prompt_token_ids) != prompt.token_ids.tolist():
            raise UserError(
                f"prompt {prompt.id}: vLLM reads {len(answer.prompt_token_ids)} tokens, the trainer "
                f"{len(prompt.token_ids)}: the engine's processor has other picture sizes or another tokenizer than "
                "the policy's"
            )
