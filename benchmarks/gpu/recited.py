"""Answers that nobody draws."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from typing_extensions import override

from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.rollout.engine import Completions, RolloutEngine, Sampling


class Recited(RolloutEngine):
    """Answers with digits drawn from the rows' seeds, each answer as long as it may be.

    So an update on long rollouts can be measured without the minutes of drawing them. Its log-probs are not the
    policy's: a run must not compare them.
    """

    @override
    def attach(self, policy: nn.Module, encoder: PromptEncoder) -> None:
        self.policy = policy
        self.digits = torch.tensor(encoder.processor.tokenizer.convert_tokens_to_ids(list("0123456789")))

    @override
    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> None:
        """Do nothing."""

    @override
    def generate(
        self, prompts: Sequence[EncodedPrompt], sampling: Sampling, max_new_tokens: int, seeds: Sequence[int]
    ) -> Completions:
        generators = [torch.Generator().manual_seed(seed % 2**63) for seed in seeds]
        drawn = [torch.randint(10, (max_new_tokens,), generator=generator) for generator in generators]
        token_ids = self.digits[torch.stack(drawn)]
        every = torch.ones(len(seeds), dtype=torch.bool)
        return Completions(
            token_ids.to(self.policy.device),
            torch.ones_like(token_ids, dtype=torch.bool, device=self.policy.device),
            torch.zeros(token_ids.shape, device=self.policy.device),
            truncated=every.to(self.policy.device),
            banned=~every.to(self.policy.device),
        )
