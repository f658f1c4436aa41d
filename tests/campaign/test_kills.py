"""A pipeline that is killed at random moments leaves what one leaves that was not: bit for bit.

`python benchmarks/kills.py` kills it more often and writes the table.
"""

import pytest

from .kills import SEED, STEPS, made, moments, run, run_killed, unlike_curves, write_pipeline

pytestmark = pytest.mark.slow
KILLS = 2


def test_a_killed_pipeline_makes_the_same(policy_folder, tmp_path):
    straight = write_pipeline(tmp_path / "straight", policy_folder)
    killed = write_pipeline(tmp_path / "killed", policy_folder)
    assert run(straight) == 0, (tmp_path / "straight/said.txt").read_text()
    *statuses, last = run_killed(killed, moments(KILLS, SEED))
    assert -9 in statuses and last == 0, (tmp_path / "killed/said.txt").read_text()
    expected, found = made(tmp_path / "straight"), made(tmp_path / "killed")
    assert found.weights == expected.weights and len(found.weights) == 2
    assert not unlike_curves(expected, found) and found.curves.keys() == expected.curves.keys()
    assert all(sorted(curves["train/loss"]) == list(range(STEPS)) for curves in found.curves.values())
    assert not found.leftovers and found.checkpoints == expected.checkpoints
