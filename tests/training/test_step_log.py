"""What an update logs."""

import torch

from revisual.training.step_log import StepLog


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
