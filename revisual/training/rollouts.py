"""Completions become scored rollouts."""

import math
from collections.abc import Mapping, Sequence
from itertools import compress

import torch
from jaxtyping import Float
from torch import Tensor

from revisual.core.distributed import all_mean, all_sum
from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.grading.grader import Grader
from revisual.rewards.functions import Response, ScoredResponses, WeightedReward, score_responses
from revisual.rl.batch import RolloutBatch
from revisual.rl.reward_shares import term_covariances, variance_shares
from revisual.rollout.engine import Completions


def decode_and_score(
    prompts: Sequence[EncodedPrompt],
    completions: Completions,
    encoder: PromptEncoder,
    grader: Grader,
    rewards: Mapping[str, WeightedReward],
) -> tuple[list[str], ScoredResponses]:
    """Return the completions' texts, and their grades and rewards; rows are grouped by prompt."""
    lengths = completions.mask.sum(1).tolist()
    rows = [row[:length] for row, length in zip(completions.token_ids.tolist(), lengths, strict=True)]
    n = len(rows) // len(prompts)
    samples = [prompt.sample for prompt in prompts for _ in range(n)]
    opened = [prompt.opened for prompt in prompts for _ in range(n)]
    responses = [encoder.decode(*row) for row in zip(rows, opened, strict=True)]
    known = zip(responses, samples, rows, completions.truncated.tolist(), opened, strict=True)
    return responses, score_responses([Response(*row) for row in known], grader, rewards)


def score_completions(
    prompts: Sequence[EncodedPrompt],
    completions: Completions,
    encoder: PromptEncoder,
    grader: Grader,
    rewards: Mapping[str, WeightedReward],
    policy_version: int,
) -> RolloutBatch:
    """Return scored rollouts; a row that holds a banned token is not valid, and so is never trained on."""
    responses, scored = decode_and_score(prompts, completions, encoder, grader, rewards)
    rows, device = len(responses), completions.token_ids.device

    def column(values: Sequence[float]) -> Float[Tensor, " N"]:
        return torch.tensor(values, dtype=torch.float32, device=device)

    return RolloutBatch(
        prompts=prompts,
        prompt_index=torch.arange(len(prompts), device=device).repeat_interleave(rows // len(prompts)),
        token_ids=completions.token_ids,
        completion_mask=completions.mask,
        responses=responses,
        truncated=completions.truncated,
        rollout_logprobs=completions.logprobs,
        policy_version=torch.full((rows,), policy_version, device=device),
        valid=torch.tensor(scored.valid, device=device) & ~completions.banned,
        accuracy=column(scored.accuracy),
        rewards=column(scored.rewards),
        weights=torch.ones(rows, device=device),
        reward_terms={name: column(values) for name, values in scored.reward_terms.items()},
        term_weights={name: term.weight for name, term in rewards.items()},
        rules=[grade.rule for grade in scored.grades],
    )


def rollout_stats(batch: RolloutBatch) -> dict[str, float]:
    """Return what a rollout step logs: rewards and lengths, means over the rows of all ranks."""
    lengths = batch.completion_mask.sum(1).float()
    stats = {
        "reward/mean": batch.rewards,
        "reward/accuracy": batch.accuracy,
        **{f"reward/{name}": values for name, values in batch.reward_terms.items() if name != "accuracy"},
        "rollout/response_length": lengths,
        "rollout/truncated_fraction": batch.truncated.float(),
        "rollout/invalid_fraction": 1 - batch.valid.float(),
    }
    return all_mean({name: float(values.mean()) for name, values in stats.items()})


RULE_FAMILIES = ("boxed", "tag", "sentence", "bare")
"""How the grader finds an answer: the first part of its rules' names; what is none of these counts as "other"."""


def paid_stats(batch: RolloutBatch) -> dict[str, float]:
    """Return what right responses are paid for, as shares of all rollouts of all ranks, and their mean length."""
    paid = (batch.valid & (batch.accuracy > 0)).tolist()
    cut, lengths = batch.truncated.tolist(), batch.completion_mask.sum(1).tolist()
    families = [rule.partition("/")[0] for rule in batch.rules] or [""] * len(batch)
    known = [family if family in RULE_FAMILIES else "other" for family in families]
    sums = {f"reward/paid_by/{name}": 0.0 for name in (*RULE_FAMILIES, "other")}
    sums |= {"reward/paid_and_cut_fraction": 0.0, "length": 0.0, "paid": 0.0, "rows": float(len(batch))}
    for family, is_cut, length in compress(zip(known, cut, lengths, strict=True), paid):
        sums[f"reward/paid_by/{family}"] += 1
        sums["reward/paid_and_cut_fraction"] += is_cut
        sums["length"] += length
        sums["paid"] += 1
    totals = all_sum(sums)
    length, number, rows = (totals.pop(name) for name in ("length", "paid", "rows"))
    shares = {name: value / rows for name, value in totals.items()}
    return shares | {"rollout/paid_response_length": length / number if number else math.nan}


def reward_shares(batch: RolloutBatch) -> dict[str, float]:
    """Return each reward term's share of the variance of the advantages, over all ranks."""
    weighted = {name: weight * batch.reward_terms[name] for name, weight in batch.term_weights.items()}
    covariances = all_sum(term_covariances(weighted, batch.valid, batch.prompt_index))
    return {f"reward/{name}_variance_share": share for name, share in variance_shares(covariances).items()}
