"""Decoding by the built-in engine: tokens per second, and how far its log-probs are from the trainer's."""

from functools import partial
from typing import Any

import torch
from bench import SEED, Bench
from ours_grpo import ForcedLength
from random_policy import load, prompts

from revisual.data.encoding import PromptEncoder
from revisual.data.prompt import EncodedPrompt
from revisual.models.inputs import PromptedRows, forward_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.rollout.engine import Completions, Sampling
from revisual.training.engine_check import logprob_gaps


def measure(bench: Bench) -> None:
    """Report groups of answers of a fixed length to prompts with a picture."""
    policy, encoder = load(bench)
    asked = prompts(bench, encoder, bench.size(336, 56), 16)
    for count, group, length in bench.size(((8, 8, 128), (16, 16, 128)), ((2, 2, 8),)):
        what = f"{count} x {group} answers of {length} tokens"
        bench.attempt(what, partial(one_size, bench, policy, encoder, asked[:count], group, length))


@torch.no_grad()
def one_size(
    bench: Bench, policy: Any, encoder: PromptEncoder, asked: list[EncodedPrompt], group: int, length: int
) -> dict[str, Any]:
    """Return times, memory, and gaps in nats."""
    engine = ForcedLength()
    engine.attach(policy, encoder)
    drawn: list[Completions] = []

    def run(tokens: int = length) -> None:
        seeds = list(range(SEED, SEED + len(asked) * group))
        with bench.autocast():
            drawn[:] = [engine.generate(asked, Sampling(group), tokens, seeds)]

    first = bench.seconds(partial(run, 1), times=1)
    peak, seconds = bench.peak_gb(run), bench.seconds(run, times=1, uncounted=0)
    return {
        "prompt_tokens": len(asked[0].token_ids),
        "seconds": seconds,
        "tokens_per_second": len(asked) * group * length / seconds,
        "ms_of_reading": first * 1e3,
        "ms_of_a_token": (seconds - first) / (length - 1) * 1e3,
        "peak_gb": peak,
        **gaps(bench, policy, encoder, asked, drawn[0], group),
    }


def gaps(
    bench: Bench, policy: Any, encoder: PromptEncoder, asked: list[EncodedPrompt], drawn: Completions, group: int
) -> dict[str, float]:
    """Return the distance of the first group's log-probs from those that the trainer gives them."""
    token_ids, mask = drawn.token_ids[:group], drawn.mask[:group]
    index, pad = torch.zeros(group, dtype=torch.long), encoder.processor.tokenizer.pad_token_id
    inputs = forward_inputs(policy, PromptedRows(asked[:1], index, encoder.vision_inputs, pad, token_ids, mask))
    with bench.autocast():
        trained = token_logprobs(policy, inputs, token_ids, mask, banned=banned_token_ids(policy)).logprobs
    found = logprob_gaps(trained, drawn.logprobs[:group], mask)
    return {name.removeprefix("rollout/"): value for name, value in found.items()}
