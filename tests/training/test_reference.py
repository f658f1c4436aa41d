"""The policy that the KL term holds on to."""

import torch
from torch.testing import assert_close

from revisual.models.lora import LoRA
from revisual.models.policy import PretrainedPolicy
from revisual.training.reference import Reference


def logits(policy):
    with torch.no_grad():
        return policy.eval()(input_ids=torch.arange(5, 11)[None]).logits


def test_an_adapter_is_switched_off(policy_folder, processor):
    plain = PretrainedPolicy(str(policy_folder)).load(processor)
    adapted = PretrainedPolicy(str(policy_folder), lora=LoRA(2, 8.0)).load(processor)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.1)
    assert (logits(adapted) - logits(plain)).abs().max() > 1e-3
    with Reference().active(adapted, torch.device("cpu")) as reference:
        assert_close(logits(reference), logits(plain), atol=0, rtol=0)
    assert (logits(adapted) - logits(plain)).abs().max() > 1e-3


def test_a_copy_stays_what_it_was(policy_folder, processor):
    loader = PretrainedPolicy(str(policy_folder))
    policy, one = loader.load(processor), Reference()
    one.copy = loader.load_reference(processor)
    before = logits(policy)
    with torch.no_grad():
        policy.get_output_embeddings().weight.mul_(2)
    with one.active(policy, torch.device("cpu")) as reference:
        assert_close(logits(reference), before, atol=0, rtol=0)
    assert (logits(policy) - before).abs().max() > 1e-3
