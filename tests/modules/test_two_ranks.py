"""Two processes (on gloo) against one, under every strategy."""

import pytest
import torch
from torch.testing import assert_close

from .ranks import STRATEGIES, logged, start

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("job", ["gradient", "gradient-pictures", "sft-gradient"])
def test_the_gradient_does_not_depend_on_the_number_of_processes(policy_folder, tmp_path, job, strategy):
    (one,) = start(job, policy_folder, tmp_path / "one", 1)
    two = start(job, policy_folder, tmp_path / "two", 2, strategy)
    assert one["norms"][0] > 0.02  # above the limit of clipping
    for result in two:
        assert result["norms"] == pytest.approx(one["norms"], rel=1e-4)
        for name, value in result["weights"].items():
            assert_close(value, one["weights"][name], atol=1e-6, rtol=1e-4)
    if job != "sft-gradient":
        assert sorted(two[0]["ids"][0] + two[1]["ids"][0]) == sorted(one["ids"][0])
    for name in (
        "train/loss",
        *(["policy/entropy", "reward/mean", "advantage/kept_fraction"] if "sft" not in job else []),
    ):
        assert logged(two[0], name) == pytest.approx(logged(one, name), rel=1e-4, abs=1e-6), name


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_empty_selection_moves_nothing(policy_folder, tmp_path, strategy):
    for result in start("empty", policy_folder, tmp_path / "two", 2, strategy):
        assert result["moved"] == [False, False]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("job", "step"), [("grpo", 1), ("grpo", 2), ("sft", 2)])
def test_a_resumed_run_is_the_straight_one(policy_folder, tmp_path, job, step, strategy):
    straight = start(job, policy_folder, tmp_path / "whole", 2, strategy)
    resumed = start(job, policy_folder, tmp_path / "rest", 2, strategy, str(tmp_path / "whole" / f"step={step}.ckpt"))
    for before, after in zip(straight, resumed, strict=True):
        assert after["ids"] == before["ids"][step:]
        assert all(torch.equal(value, before["weights"][name]) for name, value in after["weights"].items())
    for name, value in straight[0]["weights"].items():
        assert torch.equal(value, straight[1]["weights"][name])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_validation_counts_every_answer_once(policy_folder, tmp_path, strategy):
    (one,) = start("validate", policy_folder, tmp_path / "one", 1)
    two = start("validate", policy_folder, tmp_path / "two", 2, strategy)
    name = "val/greedy/all/length"
    assert logged(two[0], name) == pytest.approx(logged(one, name)) and len(logged(one, name)) >= 1
