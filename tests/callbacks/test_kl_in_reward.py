"""The KL divergence in the reward, against log-probs of the stock model, row by row."""

import pytest
import torch
from training.helpers import ONE_ROW, Keep, fit, grpo, prompts, sgd

from revisual.callbacks import KLInReward
from revisual.data.synthetic.arithmetic import ArithmeticTask
from revisual.models.logprobs import banned_token_ids
from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy


@torch.no_grad()
def log_likelihoods(policy, batch):
    """The log-probability of each completion as a whole, without padding or packing."""
    found = []
    for row, owner in enumerate(batch.prompt_index.tolist()):
        prompt, tokens = batch.prompts[owner].token_ids, batch.token_ids[row][batch.completion_mask[row]]
        logits = policy(input_ids=torch.cat([prompt, tokens])[None]).logits[0, len(prompt) - 1 : -1]
        logits[:, banned_token_ids(policy)] = -1e9
        found.append(float(logits.log_softmax(-1)[torch.arange(len(tokens)), tokens].sum()))
    return torch.tensor(found)


@pytest.mark.parametrize(("policy", "limit"), [({}, 16_384), ({}, ONE_ROW), ({"lora": LoRA(2, 8.0)}, 16_384)])
def test_it_is_what_the_policy_has_moved_by(policy_folder, processor, tmp_path, policy, limit):
    keep, samples = Keep(), list(ArithmeticTask(count=4)())
    module = grpo(policy_folder, policy, optimizer=sgd, max_tokens_per_pass=limit)
    run = fit(module, prompts(samples), tmp_path, 2, [KLInReward(0.1), keep])
    first, second = (batch for batch, _, _ in keep.kept)
    assert first.reward_terms["kl"].abs().max() < 1e-4  # it is the reference itself
    before = PretrainedPolicy(str(policy_folder)).load(processor).eval()
    expected = second.rollout_logprobs.where(second.completion_mask, 0.0).sum(1) - log_likelihoods(before, second)
    assert expected.abs().max() > 1e-3
    torch.testing.assert_close(second.reward_terms["kl"], expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(second.rewards, second.reward_terms["tokens"] - 0.1 * second.reward_terms["kl"])
    assert run.log.values("reward/kl")[1] == pytest.approx(float(expected.mean()), abs=1e-4)


def test_a_coefficient_out_of_range_is_refused():
    with pytest.raises(ValueError, match="coef"):
        KLInReward(-0.1)
