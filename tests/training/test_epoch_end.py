"""A run that goes on from a checkpoint of an epoch's end is the run that was not stopped, bit for bit."""

import pytest
from lightning.pytorch.callbacks import ModelCheckpoint

from .helpers import examples, fit, grpo, prompts, sft, some_samples
from .test_resume import assert_equal, state

CASES = {
    "by epochs": {"every_n_epochs": 1},
    "at an epoch's end": {"every_n_epochs": 1, "save_on_train_epoch_end": True},
    "by steps": {"every_n_train_steps": 2},
}


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
@pytest.mark.parametrize("validates", [False, True])
@pytest.mark.parametrize("step", [2, 4])
def test_it_goes_on_exactly(policy_folder, tmp_path, options, validates, step):
    def run(folder, checkpoint=None):
        saver = ModelCheckpoint(folder / "saved", filename="{step}", save_top_k=-1, **options)
        data = examples(some_samples(4), batch_size=2, validation=some_samples(2) if validates else ())
        return fit(sft(policy_folder), data, folder, 8, [saver], checkpoint, enable_checkpointing=True)

    expected = run(tmp_path / "whole")
    resumed = run(tmp_path / "rest", tmp_path / "whole" / "saved" / f"step={step}.ckpt")
    assert_equal(state(resumed), state(expected))
    assert resumed.trainer.current_epoch == expected.trainer.current_epoch


def test_rollouts_too(policy_folder, tmp_path):
    def run(folder, checkpoint=None):
        saver = ModelCheckpoint(folder / "saved", filename="{step}", save_top_k=-1, save_on_train_epoch_end=True)
        module = grpo(policy_folder, updates_per_rollout=2, num_iterations=2)
        return fit(module, prompts(some_samples(4)), folder, 8, [saver], checkpoint, enable_checkpointing=True)

    expected = run(tmp_path / "whole")
    assert_equal(state(run(tmp_path / "rest", tmp_path / "whole" / "saved" / "step=4.ckpt")), state(expected))
