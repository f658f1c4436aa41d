"""Every family's forwards against the stock model's, one row at a time."""

import pytest
import torch
from torch.testing import assert_close

from models.families.helpers import ALL, LENGTHS, OWNERS, PACKED, WITH_PICTURES, completions, stock_logprobs
from revisual.core.seeds import stable_seed
from revisual.models.attention import shares_prompts
from revisual.models.inputs import ForwardInputs, PromptedRows, forward_inputs, packed_inputs, padded_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.rollout.engine import Sampling
from revisual.rollout.hf.engine import HFRollout

CASES = [*((family, padded_inputs) for family in ALL), *((family, packed_inputs) for family in PACKED)]


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


@pytest.mark.parametrize(("family", "make"), CASES)
def test_logprobs_are_the_stock_models(made, family, make):
    tiny = made(family)
    policy = tiny.policy(packed=make is packed_inputs)
    with torch.no_grad():
        found, expected = outputs(tiny, policy, make).logprobs, by_rows(tiny, tiny.stock())
    gap = max(float((found[n, : len(row)] - row).abs().max()) for n, row in enumerate(expected))
    print(f"GAP {family} {make.__name__} {gap:.1e}")
    assert gap < 1e-5


@pytest.mark.parametrize("family", PACKED)
def test_gradients_of_packed_rows_are_the_row_by_row_loss(made, family):
    tiny = made(family)
    policy, stock = tiny.policy(), tiny.stock()
    assert shares_prompts(policy)
    found = outputs(tiny, policy, packed_inputs)
    weights = torch.linspace(-1, 1, found.logprobs.numel()).view_as(found.logprobs)
    (found.logprobs * weights).sum().backward()
    sum((row * weights[n, : len(row)]).sum() for n, row in enumerate(by_rows(tiny, stock))).backward()
    ours, theirs = ({n: p.grad for n, p in m.named_parameters() if p.grad is not None} for m in (policy, stock))
    assert ours.keys() == theirs.keys() == {name for name, p in policy.named_parameters() if p.requires_grad}
    scale = max(float(grad.abs().max()) for grad in theirs.values())
    print(f"GAP {family} gradient {max(float((ours[n] - theirs[n]).abs().max()) for n in ours) / scale:.1e}")
    for name, grad in theirs.items():
        assert_close(ours[name], grad, atol=1e-5 * scale, rtol=1e-4, msg=name)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("family", ALL)
def test_own_rollouts_are_the_stock_models(made, family, packed):
    tiny = made(family)
    if packed and family not in PACKED:
        pytest.skip("padded alone")
    policy, engine = tiny.policy(packed=packed), HFRollout()
    engine.attach(policy, tiny.encoder)
    seeds = [stable_seed(prompt.id, j) for prompt in tiny.prompts for j in range(2)]
    drawn = engine.generate(tiny.prompts, Sampling(2), 8, seeds)
    stock, banned, gap = tiny.stock(), banned_token_ids(policy), 0.0
    for row, mask in enumerate(drawn.mask):
        tokens = drawn.token_ids[row][mask]
        with torch.no_grad():
            expected = stock_logprobs(stock, tiny, tiny.prompts[row // 2], tokens, banned=banned)
        gap = max(gap, float((drawn.logprobs[row][mask] - expected).abs().max()))
    print(f"GAP {family} rollout-{packed} {gap:.1e}")
    assert drawn.mask.sum() > 20 and gap < 1e-5


@pytest.mark.parametrize("family", WITH_PICTURES)
def test_a_blank_picture_uses_all_that_a_picture_does(made, family):
    """Processes with and without pictures have gradients of the same parameters; the blank one's add nothing."""
    tiny = made(family)
    pad_id = tiny.encoder.processor.tokenizer.pad_token_id
    token_ids, mask = completions()

    def gradients(owner, blank):
        policy = tiny.policy()
        inputs = forward_inputs(
            policy,
            PromptedRows(
                tiny.prompts, torch.tensor([owner]), tiny.encoder.vision_inputs, pad_id, token_ids[:1], mask[:1]
            ),
        )
        unused = tiny.encoder.blank if blank else None
        inputs = ForwardInputs(inputs.arguments, inputs.predictors, unused)
        token_logprobs(policy, inputs, token_ids[:1], mask[:1]).logprobs.sum().backward()
        return {name: p.grad for name, p in policy.named_parameters() if p.grad is not None}

    pictured, plain, blank = gradients(0, False), gradients(1, False), gradients(1, True)
    assert blank.keys() == pictured.keys() > plain.keys()
    for name, gradient in blank.items():
        assert torch.equal(gradient, plain.get(name, torch.zeros_like(gradient))), name
