"""Adapters from training over a checkpoint to the exported policy."""

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.testing import assert_close

from revisual.callbacks import HFExport
from revisual.data.encoding import PromptEncoder
from revisual.models.lora import LoRA, has_adapter
from revisual.models.policy import PretrainedPolicy

from .helpers import fit, grpo, prompts, some_samples


def logprobs(policy, encoder, samples):
    """Of every prompt's tokens."""
    found = []
    for sample in samples:
        prompt = encoder.encode(sample)
        policy.model.rope_deltas = None
        inputs = {"input_ids": prompt.token_ids[None], "mm_token_type_ids": prompt.mm_token_type_ids[None]}
        with torch.no_grad():
            found.append(policy.eval()(**inputs, **encoder.vision_inputs(prompt)).logits.log_softmax(-1))
    return torch.cat(found, 1)


@pytest.mark.parametrize("options", [{}, {"freeze": ["vision_tower", "projector"]}])
def test_a_resumed_adapter_is_exported_merged(policy_folder, processor, tmp_path, options):
    samples, encoder = some_samples(4), PromptEncoder(processor, None)

    def run(steps, ckpt_path=None):
        module = grpo(policy_folder, {"lora": LoRA(4, 16.0), **options})
        checkpoint = ModelCheckpoint(tmp_path, every_n_train_steps=2, save_last=True)
        callbacks = [checkpoint, HFExport()]
        return fit(module, prompts(samples), tmp_path, steps, callbacks, ckpt_path, enable_checkpointing=True)

    run(2)
    resumed = run(4, tmp_path / "last.ckpt")
    assert resumed.watch.moved == [True, True]
    adapted = resumed.module.policy
    exported = PretrainedPolicy(str(tmp_path / "export")).load(processor)
    plain = PretrainedPolicy(str(policy_folder)).load(processor)
    assert has_adapter(adapted) and not has_adapter(exported)
    assert exported.state_dict().keys() == plain.state_dict().keys()
    expected = logprobs(adapted, encoder, samples)
    assert_close(logprobs(exported, encoder, samples), expected, atol=1e-4, rtol=0.0)
    assert (logprobs(plain, encoder, samples) - expected).abs().max() > 1e-2
