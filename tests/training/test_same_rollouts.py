"""Packed and padded training on the same rollouts, and the three policies that must agree."""

from dataclasses import dataclass, field

import pytest
import torch
from torch.testing import assert_close

from revisual.models.inputs import PromptedRows, packed_inputs
from revisual.models.logprobs import banned_token_ids, token_logprobs
from revisual.models.policy import PretrainedPolicy
from revisual.rl.schedules import Constant
from revisual.rollout.hf.engine import HFRollout
from revisual.training.engine_check import EngineCheck

from .helpers import fit, grpo, prompts

STEPS = 20


@dataclass
class Tape:
    """Completions in the order they were drawn."""

    completions: list = field(default_factory=list)


class Recording(HFRollout):
    def __init__(self, tape):
        super().__init__()
        self.tape = tape

    def generate(self, *args, **kwargs):
        self.tape.completions.append(super().generate(*args, **kwargs))
        return self.tape.completions[-1]


class Replaying(HFRollout):
    def __init__(self, tape):
        super().__init__()
        self.left = iter(tape.completions)

    def generate(self, *args, **kwargs):
        return next(self.left)


def test_twenty_steps_packed_and_padded(policy_folder, tmp_path):
    tape = Tape()
    options = {"kl_coef": Constant(0.01), "entropy_coef": Constant(0.01), "engine_check": EngineCheck(every=0)}
    packed = fit(grpo(policy_folder, engine=Recording(tape), **options), prompts(), tmp_path / "packed", STEPS)
    module = grpo(policy_folder, {"packed": False}, engine=Replaying(tape), **options)
    padded = fit(module, prompts(), tmp_path / "padded", STEPS)
    losses = packed.log.values("train/loss")
    assert len(losses) == STEPS and len({round(loss, 4) for loss in losses}) > STEPS // 2
    assert losses == pytest.approx(padded.log.values("train/loss"), abs=1e-4)
    assert packed.watch.norms == pytest.approx(padded.watch.norms, rel=1e-2)


def test_policy_reference_and_export_agree(policy_folder, processor, encoder, mixed_prompts, tmp_path):
    loader = PretrainedPolicy(str(policy_folder))
    policy = loader.load(processor)
    policy.save_pretrained(tmp_path / "export")
    processor.save_pretrained(tmp_path / "export")
    exported = PretrainedPolicy(str(tmp_path / "export")).load(processor)
    tokens = torch.arange(30, 60).view(len(mixed_prompts), 6)
    mask = torch.ones_like(tokens, dtype=torch.bool)
    index, pad_id = torch.arange(len(mixed_prompts)), processor.tokenizer.pad_token_id
    found = []
    for model in (policy, loader.load_reference(processor), exported):
        inputs = packed_inputs(model, PromptedRows(mixed_prompts, index, encoder.vision_inputs, pad_id, tokens, mask))
        with torch.no_grad():
            found.append(token_logprobs(model, inputs, tokens, mask, banned=banned_token_ids(model)).logprobs)
    assert_close(found[1], found[0], atol=0, rtol=0)
    assert_close(found[2], found[0], atol=0, rtol=0)
