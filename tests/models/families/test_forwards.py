"""Every family's forwards against the stock model's, one row at a time."""

import pytest
import torch
from torch.testing import assert_close

from models.families.gaps import gradients, logprob_gap, rollout_gap
from models.families.helpers import ALL, PACKED, WITH_PICTURES, completions
from revisual.models.attention import shares_prompts
from revisual.models.inputs import ForwardInputs, PromptedRows, forward_inputs, packed_inputs, padded_inputs
from revisual.models.logprobs import token_logprobs

CASES = [*((family, padded_inputs) for family in ALL), *((family, packed_inputs) for family in PACKED)]


@pytest.mark.parametrize(("family", "make"), CASES)
def test_logprobs_are_the_stock_models(made, family, make):
    assert logprob_gap(made(family), make) < 1e-5


@pytest.mark.parametrize("family", PACKED)
def test_gradients_of_packed_rows_are_the_row_by_row_loss(made, family):
    ours, theirs, policy = gradients(made(family))
    assert shares_prompts(policy)
    assert ours.keys() == theirs.keys() == {name for name, p in policy.named_parameters() if p.requires_grad}
    scale = max(float(grad.abs().max()) for grad in theirs.values())
    for name, grad in theirs.items():
        assert_close(ours[name], grad, atol=1e-5 * scale, rtol=1e-4, msg=name)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("family", ALL)
def test_own_rollouts_are_the_stock_models(made, family, packed):
    if packed and family not in PACKED:
        pytest.skip("padded alone")
    gap, drawn = rollout_gap(made(family), packed)
    assert drawn > 20 and gap < 1e-5


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
