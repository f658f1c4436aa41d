"""A fused optimizer, whose gradients are clipped as any other's."""

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.testing import assert_close

from .helpers import adamw, examples, fit, fused_adamw, sft, some_samples, weights


def run(policy_folder, folder, optimizer, precision, steps=3, ckpt_path=None):
    module = sft(policy_folder, optimizer=optimizer, max_tokens_per_pass=150)
    saved = ModelCheckpoint(folder, filename="{step}", every_n_train_steps=1, save_top_k=-1)
    options = {"precision": precision, "gradient_clip_val": 0.01, "enable_checkpointing": True}
    return fit(module, examples(some_samples(8)), folder, steps, [saved], ckpt_path, **options)


@pytest.mark.parametrize(("precision", "steps"), [("32-true", 3), ("bf16-mixed", 1)])
def test_a_fused_optimizer_takes_the_same_steps(precision, steps, policy_folder, tmp_path):
    """In half precision, the last digit of a weight may turn a whole digit of the next step's gradient."""
    plain, fused = (run(policy_folder, tmp_path / one.__name__, one, precision, steps) for one in (adamw, fused_adamw))
    assert min(plain.watch.norms) > 0.01 and fused.watch.moved == [True] * steps
    for name, value in weights(fused.module).items():
        assert_close(value, weights(plain.module)[name], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_fused_optimizer_resumes_exactly(precision, policy_folder, tmp_path):
    whole = run(policy_folder, tmp_path / "whole", fused_adamw, precision)
    resumed = run(policy_folder, tmp_path / "rest", fused_adamw, precision, ckpt_path=tmp_path / "whole/step=1.ckpt")
    assert len(resumed.watch.moved) == 2
    assert all(torch.equal(value, weights(whole.module)[name]) for name, value in weights(resumed.module).items())
