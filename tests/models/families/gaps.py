"""How far a family's forwards are from the stock model's, one row at a time."""

import torch

from models.families.helpers import LENGTHS, OWNERS, completions, stock_logprobs
from revisual.core.seeds import stable_seed
from revisual.models.inputs import PromptedRows, packed_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.sharding import full_tensors
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout


def outputs(made, policy, make):
    token_ids, mask = completions()
    pad_id = made.encoder.processor.tokenizer.pad_token_id
    inputs = make(
        policy, PromptedRows(made.prompts, torch.tensor(OWNERS), made.encoder.vision_inputs, pad_id, token_ids, mask)
    )
    return token_logprobs(policy, inputs, token_ids, mask, temperature=0.7)


def by_rows(made, model):
    token_ids, _ = completions()
    return [
        stock_logprobs(model, made, made.prompts[owner], token_ids[n, :length], 0.7)
        for n, (owner, length) in enumerate(zip(OWNERS, LENGTHS, strict=True))
    ]


def logprob_gap(tiny, make):
    """The largest distance of a token's log-probs in nats, of padded or packed rows."""
    policy = tiny.policy(packed=make is packed_inputs)
    with torch.no_grad():
        found, expected = outputs(tiny, policy, make).logprobs, by_rows(tiny, tiny.stock())
    return max(float((found[n, : len(row)] - row).abs().max()) for n, row in enumerate(expected))


def gradients(tiny):
    """The gradients of packed rows and of the row-by-row loss, by the parameters' names; and the policy."""
    policy, stock = tiny.policy(), tiny.stock()
    found = outputs(tiny, policy, packed_inputs)
    weights = torch.linspace(-1, 1, found.logprobs.numel()).view_as(found.logprobs)
    (found.logprobs * weights).sum().backward()
    sum((row * weights[n, : len(row)]).sum() for n, row in enumerate(by_rows(tiny, stock))).backward()
    ours, theirs = ({n: p.grad for n, p in m.named_parameters() if p.grad is not None} for m in (policy, stock))
    return ours, theirs, policy


def gradient_gap(tiny):
    """The largest distance of a gradient, relative to the largest element of all."""
    ours, theirs, _ = gradients(tiny)
    scale = max(float(grad.abs().max()) for grad in theirs.values())
    return max(float((ours[n] - theirs[n]).abs().max()) for n in theirs) / scale


def rollout_gap(tiny, packed):
    """The largest distance of the log-probs that own rollouts are drawn with, and how many tokens were drawn."""
    return drawn_gap(tiny, tiny.policy(packed=packed), HFRollout())


def drawn_gap(tiny, policy, engine):
    """The same of any engine that has the policy's weights, or computes by the policy itself."""
    stock = tiny.stock()  # before vLLM has classes of its own for some models
    engine.attach(policy, tiny.encoder)
    if engine.needs_weights:
        engine.load_weights(full_tensors(policy))
    seeds = [stable_seed(prompt.id, j) for prompt in tiny.prompts for j in range(2)]
    drawn = engine.generate(tiny.prompts, Sampling(2), 8, seeds)
    banned, gap = banned_token_ids(policy), 0.0
    for row, mask in enumerate(drawn.mask):
        tokens = drawn.token_ids[row][mask]
        with torch.no_grad():
            expected = stock_logprobs(stock, tiny, tiny.prompts[row // 2], tokens, banned=banned)
        gap = max(gap, float((drawn.logprobs[row][mask] - expected).abs().max()))
    return gap, int(drawn.mask.sum())
