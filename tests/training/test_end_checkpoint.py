"""A run that has come to its end has it saved, and goes on from there as if it had never ended."""

from datetime import timedelta

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import ModelCheckpoint

from revisual.core.checkpoint_files import find_checkpoints

from .helpers import examples, fit, grpo, prompts, sft, some_samples
from .test_resume import assert_equal, state


def saved_step(path):
    return torch.load(path, weights_only=True)["global_step"]


def train(policy_folder, folder, steps, saver, checkpoint=None):
    """SFT of 2 batches an epoch."""
    data = examples(some_samples(4), batch_size=2)
    return fit(sft(policy_folder), data, folder, steps, [saver], checkpoint, enable_checkpointing=True)


def every(steps, **options):
    return ModelCheckpoint(every_n_train_steps=steps, save_last=True, **options)


@pytest.mark.parametrize("steps", [3, 4, 5])
def test_the_end_between_two_intervals_is_saved_and_gone_on_from(policy_folder, tmp_path, steps):
    """In the middle of an epoch and at its end."""
    train(policy_folder, tmp_path / "run", steps, every(100))
    assert [path.name for path in find_checkpoints(tmp_path / "run", "last*.ckpt")] == ["last.ckpt"]
    assert {saved_step(path) for path in find_checkpoints(tmp_path / "run")} == {steps}
    newest = find_checkpoints(tmp_path / "run")[0]
    resumed = train(policy_folder, tmp_path / "run", 6, every(100), newest)
    expected = train(policy_folder, tmp_path / "whole", 6, every(100))
    assert_equal(state(resumed), state(expected))
    assert {saved_step(path) for path in find_checkpoints(tmp_path / "run")} == {6}


def test_a_run_of_rollouts_too(policy_folder, tmp_path):
    def run(folder, steps, checkpoint=None):
        module = grpo(policy_folder, updates_per_rollout=2, num_iterations=2)
        return fit(module, prompts(some_samples(4)), folder, steps, [every(4)], checkpoint, enable_checkpointing=True)

    run(tmp_path / "run", 6)
    newest = find_checkpoints(tmp_path / "run")[0]
    assert saved_step(newest) == 6
    assert_equal(state(run(tmp_path / "run", 10, newest)), state(run(tmp_path / "whole", 10)))


def test_a_run_that_ends_within_a_rollout_is_saved_before_it(policy_folder, tmp_path):
    module = grpo(policy_folder, updates_per_rollout=2, num_iterations=2)
    fit(module, prompts(some_samples(4)), tmp_path, 5, [every(2)], enable_checkpointing=True)
    assert {saved_step(path) for path in find_checkpoints(tmp_path)} == {4}


@pytest.mark.parametrize(
    "options",
    [{"every_n_epochs": 5}, {"train_time_interval": timedelta(hours=1)}, {"every_n_train_steps": 2}],
    ids=lambda options: next(iter(options)),
)
def test_whatever_the_interval_is(policy_folder, tmp_path, options):
    train(policy_folder, tmp_path, 3, ModelCheckpoint(**options))
    (path,) = find_checkpoints(tmp_path)
    assert saved_step(path) == 3


class Stop(Callback):
    """Ends the run at one step, in the place where another callback would."""

    def __init__(self, place, step):
        self.step = step
        setattr(self, place, self.stop)

    def stop(self, trainer, *_):
        trainer.should_stop = trainer.should_stop or trainer.global_step == self.step


PLACES = [("on_train_batch_end", 3), ("on_validation_end", 3), ("on_validation_end", 4), ("on_train_epoch_end", 4)]


@pytest.mark.parametrize(("place", "step"), PLACES)
def test_a_run_that_is_ended_by_another_callback(policy_folder, tmp_path, place, step):
    """In the middle of an epoch and at its end."""

    def run(folder, checkpoint=None, *callbacks):
        module = sft(policy_folder)
        data = examples(some_samples(4), batch_size=2, validation=some_samples(2))
        callbacks = [every(100), *callbacks]
        return fit(module, data, folder, 6, callbacks, checkpoint, enable_checkpointing=True, val_check_interval=1)

    run(tmp_path / "run", None, Stop(place, step))
    newest = find_checkpoints(tmp_path / "run")[0]
    assert saved_step(newest) == step
    assert_equal(state(run(tmp_path / "run", newest)), state(run(tmp_path / "whole")))


@pytest.mark.parametrize("way", [True, "link"])
def test_the_best_stays_the_best_beside_the_last(policy_folder, tmp_path, way):
    """Of a metric that was best before the run's end."""
    saver = ModelCheckpoint(every_n_train_steps=2, monitor="train/loss", mode="max", filename="best", save_last=way)
    train(policy_folder, tmp_path, 5, saver)
    best, last = (next(tmp_path.rglob(f"{name}.ckpt")) for name in ("best", "last"))
    assert (saved_step(best), saved_step(last), last.is_symlink()) == (2, 5, False)


def test_nothing_is_saved_twice(policy_folder, tmp_path):
    class Counted(ModelCheckpoint):
        written = 0

        def _save_checkpoint(self, trainer, filepath):
            self.written += 1
            super()._save_checkpoint(trainer, filepath)

    saver = Counted(every_n_train_steps=2, save_last="link")
    train(policy_folder, tmp_path, 4, saver)
    assert saver.written == 2


def test_where_nothing_is_saved_the_end_is_not(policy_folder, tmp_path):
    data = examples(some_samples(4), batch_size=2)
    fit(sft(policy_folder), data, tmp_path, 2, [])
    assert not find_checkpoints(tmp_path)
