"""A run that was stopped and resumed is the run that was not, bit for bit."""

from dataclasses import replace

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from revisual.models.lora import LoRA
from revisual.rl.filters import PrioritizedAdvantageDistillation
from revisual.rl.schedules import Constant, Linear
from revisual.training.lr_schedulers import WarmupCosine

from .helpers import Keep, examples, fit, grpo, prompts, sft, some_samples, weights


def warmup_cosine(optimizer):
    return WarmupCosine(optimizer, warmup_ratio=0.3)


def full_grpo(folder, **options):
    """Everything that could have a state: schedules, a drawing filter, a reference, several updates per rollout."""
    filter = PrioritizedAdvantageDistillation(t_low=1e-3, tau_start=2.0, tau_end=0.1, ratio=0.6)
    defaults = {
        "updates_per_rollout": 2, "num_iterations": 2, "max_tokens_per_pass": 150, "advantage_filter": filter,
        "kl_coef": Constant(0.01), "entropy_coef": Linear(0.1, 0.0),
    }  # fmt: skip
    return grpo(folder, scheduler=warmup_cosine, **(defaults | options))


def every_rollout(folder, steps):
    return ModelCheckpoint(folder, filename="{step}", every_n_train_steps=steps, save_top_k=-1, save_last=True)


def assert_equal(a, b):
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert torch.equal(value, b[name]), name


def state(run):
    """Weights, optimizer state and learning rate at the end of a run."""
    optimizer = run.trainer.optimizers[0].state_dict()
    moments = {f"{k}.{n}": v for k, s in optimizer["state"].items() for n, v in s.items()}
    return weights(run.module) | moments | {"lr": torch.tensor([g["lr"] for g in optimizer["param_groups"]])}


@pytest.fixture(scope="module")
def straight(policy_folder, tmp_path_factory):
    """5 rollouts of 2 optimizer steps, 2 rollouts per epoch: epochs end after rollouts 2 and 4."""
    folder = tmp_path_factory.mktemp("straight")
    keep = Keep()
    run = fit(full_grpo(policy_folder), prompts(some_samples(4)), folder, 10, [every_rollout(folder, 2), keep],
              enable_checkpointing=True)  # fmt: skip
    assert keep.steps == [0, 1, 2, 3, 4]
    return folder, run, keep


@pytest.mark.parametrize("rollouts", [1, 2, 3, 4])
def test_grpo_resumes_exactly(policy_folder, straight, tmp_path, rollouts):
    folder, expected, expected_keep = straight
    keep = Keep()
    run = fit(
        full_grpo(policy_folder),
        prompts(some_samples(4)),
        tmp_path,
        10,
        [every_rollout(tmp_path, 2), keep],
        ckpt_path=folder / f"step={2 * rollouts}.ckpt",
        enable_checkpointing=True,
    )
    assert keep.steps == list(range(rollouts, 5))
    for (batch, _, _), (other, _, _) in zip(keep.kept, expected_keep.kept[rollouts:], strict=True):
        assert [p.id for p in batch.prompts] == [p.id for p in other.prompts]
        assert torch.equal(batch.token_ids, other.token_ids)
    assert run.trainer.global_step == 10
    assert_equal(state(run), state(expected))


def test_a_finished_run_goes_on_with_more_steps(policy_folder, tmp_path):
    """`last.ckpt` of a run whose end is an epoch's end, without schedules that look at the run's length."""

    def run(steps, folder, ckpt_path=None):
        callbacks = [every_rollout(folder, 1)]
        module = grpo(policy_folder)
        return fit(module, prompts(some_samples(4)), folder, steps, callbacks, ckpt_path, enable_checkpointing=True)

    expected = run(4, tmp_path / "whole")
    run(2, tmp_path / "half")
    assert_equal(state(run(4, tmp_path / "rest", tmp_path / "half" / "last.ckpt")), state(expected))


@pytest.mark.parametrize("rollouts", [1, 2])
def test_an_adapter_resumes_exactly(policy_folder, tmp_path, rollouts):
    def run(folder, ckpt_path=None):
        module = grpo(policy_folder, {"lora": LoRA(2, 8.0), "freeze": ["vision_tower"]})
        callbacks = [every_rollout(folder, 1)]
        return fit(module, prompts(some_samples(4)), folder, 3, callbacks, ckpt_path, enable_checkpointing=True)

    expected = run(tmp_path / "whole")
    resumed = run(tmp_path / "rest", tmp_path / "whole" / f"step={rollouts}.ckpt")
    assert_equal(state(resumed), state(expected))


@pytest.mark.parametrize(("steps", "num_workers"), [(1, 0), (2, 0), (3, 0), (5, 0), (3, 1)])
def test_sft_resumes_exactly(policy_folder, tmp_path, steps, num_workers):
    def run(folder, ckpt_path=None):
        module = sft(policy_folder, max_tokens_per_pass=150, scheduler=warmup_cosine)
        data = examples(some_samples(8), batch_size=4, num_workers=num_workers)
        return fit(module, data, folder, 6, [every_rollout(folder, 1)], ckpt_path,
                   enable_checkpointing=True)  # fmt: skip

    expected = run(tmp_path / "whole")
    resumed = run(tmp_path / "rest", tmp_path / "whole" / f"step={steps}.ckpt")
    assert_equal(state(resumed), state(expected))
    rates = [float(row["lr"]) for row in (state(resumed), state(expected))]
    assert rates[0] == rates[1]


def test_ptst_like_changes_survive(policy_folder, tmp_path):
    module = grpo(policy_folder)
    module.sampling = replace(module.sampling, group_size=2, max_new_tokens=5)
    fit(module, prompts(some_samples(4)), tmp_path, 1, [every_rollout(tmp_path, 1)], enable_checkpointing=True)
    resumed = grpo(policy_folder)
    keep = Keep()
    fit(resumed, prompts(some_samples(4)), tmp_path, 2, [keep], tmp_path / "last.ckpt")
    assert keep.kept[0][0].token_ids.shape[0] == 4 and keep.kept[0][0].token_ids.shape[1] <= 5
