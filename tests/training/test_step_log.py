"""What an update logs."""

import torch

from revisual.training.engine_check import EngineCheck
from revisual.training.step_log import StepLog

from .helpers import fit, grpo, prompts


def test_values_replace_and_sums_add_up():
    log = StepLog()
    log.add({"a": 1.0, "b": 2.0})
    log.add({"a": 3.0})
    log.add_sums({"loss": torch.tensor(0.5), "train/tokens": 7.0})
    log.add_sums({"loss": torch.tensor(0.25), "train/tokens": 5.0})
    assert log.get("a") == 3.0 and log.get("loss") == 0.75
    assert log.take() == {"a": 3.0, "b": 2.0, "loss": 0.75, "train/tokens": 12.0}
    assert log.take() == {}


def test_tokens_are_counted_over_updates():
    log = StepLog()
    for _ in range(3):
        log.add_sums({"train/tokens": 7.0})
        log.take()
    log.add({"rollout/tokens": 100.0})
    log.take()
    assert log.tokens_seen == 121


def test_what_was_not_measured_at_a_step_is_not_logged_at_it(policy_folder, tmp_path):
    module = grpo(policy_folder, updates_per_rollout=2, engine_check=EngineCheck(every=2))
    run = fit(module, prompts(), tmp_path, 6, log_every_n_steps=1)
    steps = {name: [step for step, row in run.log.rows if name in row] for name in ("rollout/tokens", "train/loss")}
    assert steps == {"rollout/tokens": [0, 2, 4], "train/loss": [0, 1, 2, 3, 4, 5]}
    assert len(run.log.values("rollout/logprob_gap")) == 2
    assert run.trainer.callback_metrics["rollout/tokens"] == run.log.values("rollout/tokens")[-1]


def test_loggers_get_every_nth_step(policy_folder, tmp_path):
    run = fit(grpo(policy_folder), prompts(), tmp_path, 4, log_every_n_steps=2)
    assert [step for step, row in run.log.rows if "train/loss" in row] == [1, 3]
