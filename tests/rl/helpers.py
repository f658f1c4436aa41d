"""Batches to test with."""

import torch

from revisual.data.prompt import EncodedPrompt
from revisual.rl.batch import RolloutBatch


def prompt(name: str) -> EncodedPrompt:
    tokens = torch.tensor([1, 2])
    return EncodedPrompt(name, None, tokens, tokens, torch.zeros_like(tokens))


def random_batch(seed: int, lengths: list[int], prompts: int = 2, reference: bool = True) -> RolloutBatch:
    """float64, for sharp finite differences; row i has `lengths[i]` tokens and belongs to prompt i % prompts."""
    generator = torch.Generator().manual_seed(seed)
    n, t = len(lengths), max(lengths)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return RolloutBatch(
        prompts=[prompt(f"p{i}") for i in range(prompts)],
        prompt_index=torch.arange(n) % prompts,
        token_ids=torch.randint(0, 9, (n, t), generator=generator),
        completion_mask=torch.arange(t)[None] < torch.tensor(lengths)[:, None],
        responses=[f"r{i}" for i in range(n)],
        truncated=torch.zeros(n, dtype=torch.bool),
        rollout_logprobs=normal(n, t),
        policy_version=torch.zeros(n, dtype=torch.long),
        valid=torch.ones(n, dtype=torch.bool),
        accuracy=torch.rand(n, generator=generator, dtype=torch.float64).round(),
        rewards=normal(n),
        weights=torch.randint(1, 4, (n,), generator=generator).double(),
        reward_terms={"length": normal(n)},
        advantages=normal(n),
        old_logprobs=-1 + 0.3 * normal(n, t),
        reference_logprobs=-1 + 0.3 * normal(n, t) if reference else None,
    )
