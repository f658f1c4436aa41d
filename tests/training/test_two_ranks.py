"""Two processes (on gloo) against one, under every strategy."""

import pytest
import torch
from torch.testing import assert_close

from .ranks import STRATEGIES, logged, start_all

pytestmark = pytest.mark.engine

GRADIENTS = [
    "gradient", "gradient-pictures", "gradient-lora", "gradient-frozen", "gradient-reference",
    "gradient-checkpointing", "gradient-padded", "gradient-in-one-pass", "gradient-row-by-row", "sft-gradient",
]  # fmt: skip
JOBS = [*GRADIENTS, "three-steps", "three-steps-fused", "validate"]


@pytest.fixture(scope="module")
def one(policy_folder, tmp_path_factory):
    """What one process makes of the jobs, and the folder."""
    folder = tmp_path_factory.mktemp("ranks")
    return folder, start_all(JOBS, policy_folder, folder / "one", 1)


@pytest.fixture(scope="module", params=STRATEGIES)
def two(request, policy_folder, one):
    """What two processes make of them."""
    folder, _ = one
    return start_all([*JOBS, "empty", "gradient-per-rank"], policy_folder, folder / request.param, 2, request.param)


@pytest.mark.parametrize("job", GRADIENTS)
def test_the_gradient_does_not_depend_on_the_number_of_processes(one, two, job):
    (alone,), together = one[1][job], two[job]
    assert alone["norms"][0] > 0.02  # above the limit of clipping
    for result in together:
        assert result["norms"] == pytest.approx(alone["norms"], rel=1e-4)
        for name, value in result["weights"].items():
            assert_close(value, alone["weights"][name], atol=1e-6, rtol=1e-4)
    if job != "sft-gradient":
        assert sorted(together[0]["ids"][0] + together[1]["ids"][0]) == sorted(alone["ids"][0])
    for name in (
        "train/loss",
        *(["policy/entropy", "reward/mean", "advantage/kept_fraction"] if "sft" not in job else []),
    ):
        assert logged(together[0], name) == pytest.approx(logged(alone, name), rel=1e-4, abs=1e-6), name


def test_three_steps_on_recorded_rollouts_are_the_same(one, two):
    (alone,) = one[1]["three-steps"]
    assert len(alone["norms"]) == 3 and len(set(alone["norms"])) == 3
    for result in two["three-steps"]:
        assert result["norms"] == pytest.approx(alone["norms"], abs=5e-6)
    assert logged(two["three-steps"][0], "train/loss") == pytest.approx(logged(alone, "train/loss"), abs=5e-6)


def test_a_fused_optimizer_takes_the_same_steps(one, two):
    for results in (one[1], two):
        for plain, fused in zip(results["three-steps"], results["three-steps-fused"], strict=True):
            assert fused["norms"] == pytest.approx(plain["norms"], abs=5e-6) and all(fused["moved"])
            for name, value in fused["weights"].items():
                assert_close(value, plain["weights"][name], atol=1e-6, rtol=1e-5)


def test_a_filter_may_choose_on_each_rank_alone(two):
    own, over_all = two["gradient-per-rank"], two["gradient"]
    assert [result["chosen"] for result in own] == [[4], [4]]  # half of two groups of four
    assert sum(result["chosen"][0] for result in over_all) == 8
    assert own[0]["norms"] == pytest.approx(own[1]["norms"]) and own[0]["norms"][0] > 0


def test_an_empty_selection_moves_nothing(two):
    for result in two["empty"]:
        assert result["moved"] == [False, False]


def test_validation_counts_every_answer_once(one, two):
    (alone,) = one[1]["validate"]
    name = "val/greedy/all/length"
    assert logged(two["validate"][0], name) == pytest.approx(logged(alone, name)) and len(logged(alone, name)) >= 1


RESUMED = ["grpo", "grpo-fused", "grpo-frozen", "grpo-lora", "sft"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_resumed_run_is_the_straight_one(policy_folder, tmp_path, strategy):
    straight = start_all(RESUMED, policy_folder, tmp_path / "whole", 2, strategy)
    saved = tmp_path / "whole" / "{job}" / "step=2.ckpt"
    resumed = start_all(RESUMED, policy_folder, tmp_path / "rest", 2, strategy, saved)
    for job in RESUMED:
        for before, after in zip(straight[job], resumed[job], strict=True):
            assert after["ids"] == before["ids"][2:]
            assert all(torch.equal(value, before["weights"][name]) for name, value in after["weights"].items())
        for name, value in straight[job][0]["weights"].items():
            assert torch.equal(value, straight[job][1]["weights"][name])
