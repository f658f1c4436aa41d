"""Runs of one process that are asked to leave, in a rollout, in a pass, in a validation, and after a step."""

import os
import signal
from dataclasses import replace
from functools import partial

import pytest
import torch
from lightning.pytorch import Callback
from training.helpers import Keep, fit, grpo, prompts, quiet_trainer, some_samples, weights

from revisual.callbacks import StopOnSignal
from revisual.core.checkpoint_files import STOPPED
from revisual.rl.callbacks import RewardCallback
from revisual.rl.filters import PrioritizedAdvantageDistillation
from revisual.rollout.hf.engine import HFRollout


class Sends(Callback):
    """Sends the process a signal at one moment of the third rollout, or of the validation before it."""

    def __init__(self, moment, number=signal.SIGTERM):
        self.moment, self.number, self.sent = moment, number, 0

    def send(self, moment, module):
        if moment == self.moment and module.trainer.global_step // 2 == 2 and not self.sent:
            self.sent += 1
            os.kill(os.getpid(), self.number)


class Engine(HFRollout):
    """Draws its rollouts one answer after the other, and counts them."""

    def __init__(self, sends):
        super().__init__(max_rows=1)
        self.sends, self.module, self.drawn = sends, None, 0

    def _part(self, *args):
        self.drawn += 1
        if self.module is not None:
            self.sends.send("validation" if self.module.trainer.validating else "rollout", self.module)
        return super()._part(*args)


class Counts(RewardCallback):
    """Has a state that a rollout changes."""

    def __init__(self):
        self.count = 0

    def on_rollout(self, trainer, module, batch):
        self.count += 1
        return batch

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]


def module_of(policy_folder, sends):
    engine = Engine(sends)
    made = grpo(
        policy_folder,
        engine=engine,
        updates_per_rollout=2,
        max_tokens_per_pass=1,
        advantage_filter=PrioritizedAdvantageDistillation(1e-3),
    )
    engine.module = made
    prepare, step = made.prepare_updates, made.optimizer_step

    def prepare_updates(batch):
        return [replace(one, loss_of_pass=partial(loss_of_pass, one.loss_of_pass)) for one in prepare(batch)]

    def loss_of_pass(one_pass, one, count):
        if one is made.update.passes[1]:
            sends.send("first update" if made.trainer.global_step % 2 == 0 else "second update", made)
        return one_pass(one, count)

    def optimizer_step(*args, **kwargs):
        step(*args, **kwargs)
        sends.send("step", made)

    made.prepare_updates, made.optimizer_step = prepare_updates, optimizer_step
    return made


def go(policy_folder, folder, moment, **options):
    sends, counts, keep = Sends(moment), Counts(), Keep()
    run = fit(
        module_of(policy_folder, sends),
        prompts(some_samples(8), validation=some_samples(2), batch_size=2),
        folder,
        8,
        [counts, StopOnSignal(), keep],
        enable_checkpointing=True,
        val_check_interval=2,
        **options,
    )
    return run, counts, keep


@pytest.fixture(scope="module")
def straight(policy_folder, tmp_path_factory):
    return go(policy_folder, tmp_path_factory.mktemp("straight"), None)


@pytest.mark.parametrize(
    ("moment", "saved", "told"),
    [
        ("rollout", 4, "SIGTERM: saving the run as it was before this batch"),
        ("first update", 4, "SIGTERM: saving the run as it was before this batch"),
        ("step", 6, "SIGTERM: ending this batch, which took "),
        ("validation", 4, "SIGTERM: ending this batch, which took "),
        ("second update", 6, "SIGTERM: ending this batch, which took "),
    ],
)
def test_a_run_that_was_asked_to_leave_goes_on_bit_for_bit(
    policy_folder, straight, tmp_path, moment, saved, told, capsys
):
    with pytest.raises(SystemExit) as ended:
        go(policy_folder, tmp_path, moment)
    assert ended.value.code == 0
    first, second = [line for line in capsys.readouterr().out.splitlines() if "SIGTERM" in line or "stopped" in line]
    assert first.startswith(told) and second == f"stopped by a signal; the same command goes on from step {saved}"
    run, counts, keep = go(policy_folder, tmp_path, None, ckpt_path=tmp_path / STOPPED)
    expected, expected_counts, expected_keep = straight
    assert keep.steps == expected_keep.steps[saved // 2 :]
    for name, value in weights(expected.module).items():
        assert torch.equal(value, weights(run.module)[name]), name
    assert run.module.tokens_seen == expected.module.tokens_seen == sum(expected.log.values("rollout/tokens"))
    assert counts.count == expected_counts.count == 4
    assert not (tmp_path / STOPPED).exists()


def test_a_second_interruption_ends_without_saving(policy_folder, capsys):
    callback, trainer, module = StopOnSignal(), quiet_trainer(), grpo(policy_folder)
    callback.on_train_start(trainer, module)
    try:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        callback.teardown(trainer, module, "fit")
    assert capsys.readouterr().out == "SIGINT: ending this batch, and saving\n"
