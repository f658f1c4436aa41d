"""What fit asks of a trainer and its data before it begins."""

import warnings
from datetime import timedelta

import pytest
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from revisual.core.errors import UserError
from revisual.training.fit_checks import require_placed
from revisual.training.lr_schedulers import WarmupCosine
from revisual.training.strategies.fsdp2 import FSDP2

from .helpers import examples, fit, grpo, prompts, sft


def test_a_checkpoint_between_two_updates_over_one_batch_is_refused(policy_folder, tmp_path):
    steps = 4

    def run(every, interval=None):
        checkpoint = ModelCheckpoint(tmp_path, every_n_train_steps=every, train_time_interval=interval)
        one = grpo(policy_folder, updates_per_rollout=4, num_iterations=2)
        return fit(one, prompts(), tmp_path, steps, [checkpoint], enable_checkpointing=True)

    with pytest.raises(UserError, match=r"every_n_train_steps is 3, no multiple of model\.updates_per_rollout, 4"):
        run(3)
    with pytest.raises(UserError, match=f"train_time_interval may fall between two of the {steps} optimizer steps"):
        run(None, timedelta(hours=1))
    assert run(steps).trainer.global_step == steps


def test_a_schedule_over_a_run_of_unknown_length_is_one_line(policy_folder, tmp_path):
    """A time limit alone bounds no steps; with a number for the schedule, or without one, it is enough."""

    def run(scheduler):
        module = sft(policy_folder, scheduler=scheduler)
        return fit(module, examples(), tmp_path, -1, max_time={"seconds": 2}, max_epochs=-1).trainer.global_step

    with pytest.raises(UserError, match=r"WarmupCosine goes over all steps of the run, and neither trainer\.max_steps"):
        run(WarmupCosine)
    assert run(lambda optimizer: WarmupCosine(optimizer, total=10)) > 0
    assert run(None) > 0


def test_data_for_another_module_is_one_line(policy_folder, tmp_path):
    with pytest.raises(UserError, match=r"GRPOModule learns from PromptDataModule's batches; .* Examples"):
        fit(grpo(policy_folder), examples(), tmp_path, 1)
    with pytest.raises(UserError, match=r"SFTModule learns from SFTDataModule's batches; .* EncodedPrompts"):
        fit(sft(policy_folder), prompts(), tmp_path, 1)


def test_a_row_that_may_be_longer_than_a_pass_is_told_at_the_start(policy_folder, tmp_path):
    data = prompts()
    with pytest.warns(UserWarning, match=r"max_tokens_per_pass: 1 is less than the (\d+) tokens") as told:
        fit(grpo(policy_folder, max_tokens_per_pass=1), data, tmp_path, 1)
    encoded = [data.datasets["train"][i] for i in range(len(data.datasets["train"]))]
    longest = max(len(prompt.token_ids) for prompt in encoded) + 6
    assert any(f"the {longest} tokens" in str(one.message) for one in told)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fit(grpo(policy_folder, max_tokens_per_pass=longest), prompts(), tmp_path, 1)
    assert not [one for one in said if "max_tokens_per_pass" in str(one.message)]


def test_a_policy_that_fsdp2_has_not_spread_is_refused(policy):
    """Built before the trainer's fit, each process would train its own."""
    trainer = Trainer(accelerator="cpu", devices=1, strategy=FSDP2(), logger=False, enable_checkpointing=False)
    with pytest.raises(UserError, match=r"^FSDP2: the policy was built before .*: do not call configure_model before$"):
        require_placed(trainer, policy)
    require_placed(Trainer(accelerator="cpu", devices=1, logger=False, enable_checkpointing=False), policy)
