"""Whether what a policy computes here is what the stock model computes: rows padded and packed, and own rollouts."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from PIL.Image import Image, fromarray
from torch import Tensor

from revisual.core.errors import UserError
from revisual.data.encoding import PromptEncoder
from revisual.data.images import ImageSource
from revisual.data.prompt import EncodedPrompt
from revisual.data.sample import Sample
from revisual.models.attention import shares_prompts
from revisual.models.inputs import PromptedRows, packed_inputs, padded_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.stock_forward import PlainAttention, plain_attention, stock_logprobs, stock_prompt
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout

log = logging.getLogger(__name__)

LEAST, NOISES = 5e-5, 3.0
"""A gap may be `LEAST` nats, and `NOISES` times as large as those between two orders of the stock forward."""

OWNERS = (0, 0, 1, 2)
"""Prompts of the rows that are compared: a group of two, and two rows alone."""

ANSWERS = ("The answer is 12.", "7", "Let us see: 3 + 4", "Blue, I think")
ROLLOUT_TOKENS = 4

HINTS = {
    "padded rows": "no setting makes it right: it needs a family of its own (docs/models.md)",
    "packed rows": "set policy.packed: false",
    "own rollouts": "set model.engine to another than HFRollout",
}
"""What to set where a forward of this kind is another than the stock one."""

Context = Callable[[], AbstractContextManager[Any]]


@torch.no_grad()
def check_forwards(
    policy: Any, encoder: PromptEncoder, context: Context = nullcontext, rollouts: bool = True
) -> dict[str, float]:
    """Compare a policy's forwards with the stock model's, over a few tokens behind prompts with and without pictures.

    How far apart they may be follows from the policy: its stock forward in two orders of arithmetic, and under autocast
    also in float32. Every process of a run has to take part.

    Args:
        policy: as it will train.
        encoder: makes its prompts.
        context: makes the context that forwards are computed in.
        rollouts: compare the built-in engine's rollouts, too.

    Returns:
        The largest distance of a token's log-probs, in nats, for each kind of forward.

    Raises:
        UserError: a forward is another than the stock one; it names what to set.
    """
    training, encoder = policy.training, replace(encoder, system_prompt=None)  # which would be most of the tokens
    policy.eval()
    try:
        prompts = [encoder.encode(sample) for sample in check_samples(hasattr(encoder.processor, "image_processor"))]
        stock = [stock_prompt(encoder, prompt) for prompt in prompts]
        require_tokens(policy, prompts, stock)
        gaps, bound = row_gaps(policy, encoder, prompts, stock, context)
        if rollouts:
            gaps["own rollouts"] = rollout_gap(policy, encoder, prompts, stock, context)
    finally:
        policy.train(training)
    for kind, gap in gaps.items():
        if not gap <= bound:
            raise UserError(
                f"policy.check: {kind} of {policy.config.model_type} are {gap:.2g} nats off the stock forward, more "
                f"than the {bound:.1g} that its own noise allows: {HINTS[kind]}"
            )
    log.info("policy.check: nats off the stock forward: %s", ", ".join(f"{k} {gap:.1e}" for k, gap in gaps.items()))
    return gaps


def check_samples(pictured: bool) -> list[Sample]:
    """Return questions with one, no and two pictures of different sizes, or with none at all."""
    sizes = [[(112, 56)], [], [(56, 84), (84, 56)]] if pictured else [[], [], []]
    questions = ("What is to be seen?", "What is 7 + 5?", "Which of the two is larger, if any of them is?")
    return [
        Sample(f"check-{k}", question, "", images=[ImageSource(image=_picture(size)) for size in sizes[k]])
        for k, question in enumerate(questions)
    ]


def _picture(size: tuple[int, int]) -> Image:
    """Return noise: no patch is like another, so that a wrong order or attention shows."""
    generator = torch.Generator().manual_seed(0)
    return fromarray(torch.randint(0, 256, (*size[::-1], 3), generator=generator, dtype=torch.uint8).numpy())


def require_tokens(policy: Any, prompts: Sequence[EncodedPrompt], stock: Sequence[dict[str, Tensor]]) -> None:
    """Check that prompts have the tokens that the stock processor gives them.

    Raises:
        UserError: they have others, as where pictures are counted as too few or too many.
    """
    for prompt, given in zip(prompts, stock, strict=True):
        if not torch.equal(prompt.token_ids, given["input_ids"][0].to(prompt.token_ids)):
            raise UserError(
                f"policy.check: a prompt of {len(prompt.pictures)} pictures has {len(prompt.token_ids)} tokens, and "
                f"{given['input_ids'].shape[1]} or others by the stock processor of {policy.config.model_type}: "
                f"{HINTS['padded rows']}"
            )


def row_gaps(
    policy: Any, encoder: PromptEncoder, prompts: Sequence[EncodedPrompt], stock: Sequence[Any], context: Context
) -> tuple[dict[str, float], float]:
    """Return how far padded and packed rows are from the stock forward, and how far they may be."""
    token_ids, mask = _completions(encoder)
    completions = [ids[kept] for ids, kept in zip(token_ids, mask, strict=True)]

    def by_rows(attention: PlainAttention, within: Context, copies: int = 1) -> list[Float[Tensor, " _"]]:
        with plain_attention(policy, attention), within():
            return [stock_logprobs(policy, stock[p], ids, copies) for p, ids in zip(OWNERS, completions, strict=True)]

    expected = by_rows("sdpa", context)
    orders = [by_rows("eager", context, copies=2)]
    with context():
        autocast = torch.is_autocast_enabled(policy.device.type)
    if autocast and policy.dtype == torch.float32:
        orders.append(by_rows("sdpa", nullcontext))
    noise = max(_gap(one, expected) for one in orders)
    kinds = {"padded rows": padded_inputs} | ({"packed rows": packed_inputs} if shares_prompts(policy) else {})
    gaps, pad_id = {}, encoder.processor.tokenizer.pad_token_id
    for kind, make in kinds.items():
        with context():
            inputs = make(
                policy, PromptedRows(prompts, torch.tensor(OWNERS), encoder.vision_inputs, pad_id, token_ids, mask)
            )
            found = token_logprobs(policy, inputs, token_ids, mask).logprobs.cpu()
        gaps[kind] = _gap([row[kept] for row, kept in zip(found, mask, strict=True)], expected)
    return gaps, LEAST + NOISES * noise


def _completions(encoder: PromptEncoder) -> tuple[Int[Tensor, "N T"], Bool[Tensor, "N T"]]:
    ids = [encoder.encode_response(answer) for answer in ANSWERS]
    mask = torch.arange(max(map(len, ids))) < torch.tensor([len(one) for one in ids])[:, None]
    return torch.nn.utils.rnn.pad_sequence(ids, batch_first=True), mask


def rollout_gap(
    policy: Any, encoder: PromptEncoder, prompts: Sequence[EncodedPrompt], stock: Sequence[Any], context: Context
) -> float:
    """Return how far the log-probs of the built-in engine's answers are from the stock forward."""
    engine = HFRollout()
    engine.attach(policy, encoder)
    with context():
        drawn = engine.generate(prompts, Sampling(1), ROLLOUT_TOKENS, list(range(len(prompts))))
    answers = [(drawn.token_ids[n][mask], drawn.logprobs[n][mask].cpu()) for n, mask in enumerate(drawn.mask)]
    banned = banned_token_ids(policy)
    with plain_attention(policy, "sdpa"), context():
        expected = [stock_logprobs(policy, stock[n], ids, banned=banned) for n, (ids, _) in enumerate(answers)]
    return _gap([logprobs for _, logprobs in answers], expected)


def _gap(found: Sequence[Float[Tensor, " _"]], expected: Sequence[Float[Tensor, " _"]]) -> float:
    """Return the largest distance; not a number where any is."""
    return float((torch.cat(list(found)).float() - torch.cat(list(expected)).float()).abs().max())
