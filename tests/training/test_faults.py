"""Runs on several processes that are asked to leave, killed, stuck, or short of disk."""

import os
import subprocess

import pytest
import torch

from .ranks import STRATEGIES, logged, run, start

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", params=STRATEGIES)
def straight(request, policy_folder, tmp_path_factory):
    """A strategy, its run that nothing happened to, and the bytes of a checkpoint."""
    folder = tmp_path_factory.mktemp("straight") / "whole"
    results = start("grpo", policy_folder, folder, 2, request.param)
    saved = folder / "grpo" / "step=2.ckpt"
    return request.param, results, sum(path.stat().st_size for path in [saved, *saved.rglob("*")] if path.is_file())


def same(results, expected):
    for after, before in zip(results, expected, strict=True):
        assert after["ids"] == before["ids"][-len(after["ids"]) :]
        assert all(torch.equal(value, before["weights"][name]) for name, value in after["weights"].items())


def test_a_run_that_was_asked_to_leave_goes_on(straight, policy_folder, tmp_path):
    strategy, expected, _ = straight
    done = run("stop", policy_folder, tmp_path / "left", 2, strategy)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "stopped by a signal; the same command goes on from step 2" in done.stdout
    assert not (tmp_path / "left" / "stop" / "rank0.pt").exists()  # it did not come to its end
    same(
        start("stopped", policy_folder, tmp_path / "on", 2, strategy, tmp_path / "left" / "stop" / "stopped.ckpt"),
        expected,
    )


def test_a_killed_rank_ends_the_run_which_resumes(straight, policy_folder, tmp_path):
    strategy, expected, _ = straight
    done = run("killed", policy_folder, tmp_path / "killed", 2, strategy)
    assert done.returncode != 0 and "SIGKILL" in done.stderr
    assert not (tmp_path / "killed" / "killed" / "step=3.ckpt").exists()
    same(
        start("grpo", policy_folder, tmp_path / "on", 2, strategy, tmp_path / "killed" / "killed" / "step=2.ckpt"),
        expected,
    )


def test_a_hanging_rank_is_found_out(policy_folder, tmp_path):
    done = run("hang", policy_folder, tmp_path / "hang", 2, "ddp")
    assert done.returncode != 0
    reports = [line for line in done.stderr.splitlines() if "no progress for" in line]
    assert [line[:7] for line in sorted(reports)] == ["rank 0:", "rank 1:"]
    assert all("update 0, with a rollout before it, optimizer step 0" in line for line in reports)
    culprit = done.stderr[done.stderr.index("rank 1: no progress") :]
    assert "in __call__" in culprit.partition("rank 0: no progress")[0]


@pytest.mark.parametrize("strategy", ["ddp_nodes", "fsdp2_nodes", "fsdp2_hybrid_nodes"])
def test_two_nodes_are_as_one(policy_folder, tmp_path, strategy):
    (one,) = start("gradient", policy_folder, tmp_path / "one", 1)
    for result in start("gradient", policy_folder, tmp_path / "two", 2, strategy):
        assert result["norms"] == pytest.approx(one["norms"], rel=1e-4)
        assert logged(result, "train/loss") == pytest.approx(logged(one, "train/loss"), rel=1e-4)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_keeps_the_earlier_checkpoints(straight, policy_folder, tmp_path):
    strategy, expected, size = straight
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={int(2.6 * size)}", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        done = run("grpo", policy_folder, small / "run", 2, strategy)
        assert done.returncode != 0 and "No space left on device" in done.stderr
        kept = sorted(path.name for path in (small / "run" / "grpo").glob("step=*.ckpt"))
        assert kept == ["step=1.ckpt", "step=2.ckpt"]
        same(start("grpo", policy_folder, tmp_path / "on", 2, strategy, small / "run" / "grpo" / kept[-1]), expected)
    finally:
        subprocess.run(["umount", str(small)], check=True)
